using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using MobileQuant.Tests.Caching;
using MobileQuant.Torch;
using NuGet.Configuration;

namespace MobileQuant.Tests.Torch;

public sealed class LibtorchDownloadTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("mq-libtorch-").FullName;
    private readonly LibtorchPackage _package = LibtorchPackage.ForThisMachine()!;

    private string Target => Path.Combine(_root, "data", "libtorch");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Takes_the_needed_libraries_from_the_first_feed_that_has_the_package()
    {
        string empty = Feed("empty");
        string full = Feed("full");
        WritePackage(full, (_package.NativeFolder + LibtorchPackage.MainLibrary, "main"), (_package.NativeFolder + LibtorchPackage.LibraryName("torch_python"), "unneeded"), ("../escape.so", "evil"), ("readme.txt", "text"));
        await LibtorchDownload.RunAsync(_package, [new(empty), new(full)], Target, null, CancellationToken.None, DigestOf(LibtorchPackage.MainLibrary, "main"));

        Assert.Equal([LibtorchPackage.MainLibrary], Directory.GetFileSystemEntries(Target).Select(Path.GetFileName));
        Assert.Equal("main", File.ReadAllText(Path.Combine(Target, LibtorchPackage.MainLibrary)));
        Assert.Equal([Target], Directory.GetFileSystemEntries(Path.GetDirectoryName(Target)!));
        Assert.False(File.Exists(Path.Combine(_root, "data", "escape.so")));
    }

    [Fact]
    public async Task Says_what_each_feed_lacks_and_leaves_nothing()
    {
        string missing = Path.Combine(_root, "missing");
        MobileQuantException e = await Assert.ThrowsAsync<MobileQuantException>(() =>
            LibtorchDownload.RunAsync(_package, [new(Feed("empty"), "one"), new(missing, "two")], Target, null, CancellationToken.None));
        Assert.Equal("MQ9001", e.Code);
        Assert.Contains("one", e.Message, StringComparison.Ordinal);
        Assert.Contains("two", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(Target)!));
    }

    [Fact]
    public async Task Refuses_a_package_without_the_libraries()
    {
        string feed = Feed("hollow");
        WritePackage(feed, ("readme.txt", "text"));
        MobileQuantException e = await Assert.ThrowsAsync<MobileQuantException>(() =>
            LibtorchDownload.RunAsync(_package, [new(feed)], Target, null, CancellationToken.None));
        Assert.Equal("MQ9001", e.Code);
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(Target)!));
    }

    [Fact]
    public async Task Refuses_libraries_that_are_not_the_known_ones()
    {
        string feed = Feed("other");
        WritePackage(feed, (_package.NativeFolder + LibtorchPackage.MainLibrary, "Main"));
        foreach (string? digest in (string?[])[null, DigestOf(LibtorchPackage.MainLibrary, "main")])
        {
            MobileQuantException e = await Assert.ThrowsAsync<MobileQuantException>(() =>
                LibtorchDownload.RunAsync(_package, [new(feed)], Target, null, CancellationToken.None, digest));
            Assert.Equal("MQ9001", e.Code);
            Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(Target)!));
        }
    }

    /// <summary>What this very process computes with, wherever it was found, is what a download must be.</summary>
    [Fact]
    public void The_known_libraries_are_those_in_use()
    {
        TorchRuntime.EnsureLoaded();
        using TemporaryFolder folder = new();
        string used = LibtorchPackage.NamedFolder is null ? _package.Find()! : _package.DownloadFolder;
        foreach (string file in Directory.GetFiles(used).Where(file => LibtorchPackage.IsNeeded(Path.GetFileName(file))))
        {
            File.CreateSymbolicLink(folder[Path.GetFileName(file)], file);
        }

        Assert.Equal(_package.Digest, LibraryDigest.Of(folder.Path, CancellationToken.None));
    }

    [Fact]
    public async Task Names_the_lack_of_any_feed() => Assert.Equal(
        "MQ9001",
        (await Assert.ThrowsAsync<MobileQuantException>(() => LibtorchDownload.RunAsync(_package, Array.Empty<PackageSource>(), Target, null, CancellationToken.None))).Code);

    private static string DigestOf(string name, string content) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{name} {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}\n")));

    private string Feed(string name) => Directory.CreateDirectory(Path.Combine(_root, name)).FullName;

    private void WritePackage(string feed, params (string Name, string Content)[] entries)
    {
        using FileStream file = File.Create(Path.Combine(feed, $"{_package.Id}.{LibtorchPackage.Version}.nupkg"));
        using ZipArchive archive = new(file, ZipArchiveMode.Create);
        string nuspec = $"<package><metadata><id>{_package.Id}</id><version>{LibtorchPackage.Version}</version><authors>x</authors><description>x</description></metadata></package>";
        foreach ((string name, string content) in entries.Prepend(($"{_package.Id}.nuspec", nuspec)))
        {
            using StreamWriter writer = new(archive.CreateEntry(name).Open());
            writer.Write(content);
        }
    }
}
