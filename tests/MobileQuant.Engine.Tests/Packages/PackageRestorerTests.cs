using System.IO.Compression;
using System.Net;
using System.Text;
using MobileQuant.Caching;
using MobileQuant.Packages;
using MobileQuant.Tests.Caching;

namespace MobileQuant.Tests.Packages;

public sealed class PackageRestorerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly EventLog _log = new();

    public PackageRestorerTests() => UseSources(("local", _folder["feed"], false));

    private string Packages => _folder["packages"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Fetches_once_from_a_folder_and_finds_it_there_afterwards()
    {
        new CraftedPackage().WriteTo(_folder["feed"]);
        RestoredPackage first = await RestoreAsync();
        Assert.Equal(_folder["feed"], first.Source);
        Assert.Equal(Path.Combine(Packages, "contoso.tiny", "1.0.0", "checkpoint", "tiny"), first.ModelPath);
        Assert.Equal("weights of Contoso.Tiny", File.ReadAllText(Path.Combine(first.ModelPath, "model.safetensors")));

        Directory.Delete(_folder["feed"], recursive: true);
        RestoredPackage second = await RestoreAsync(offline: true);
        Assert.Null(second.Source);
        Assert.Equal(first.ModelPath, second.ModelPath);
        Assert.Empty(Directory.GetFiles(Packages));
    }

    [Fact]
    public async Task Fetches_from_a_server_and_asks_it_no_second_time()
    {
        using LoopbackFeed feed = new();
        Serve(feed, new CraftedPackage());
        RestoredPackage first = await RestoreAsync();
        Assert.Equal(feed.Address, first.Source);
        Assert.Contains("fetching Contoso.Tiny 1.0.0 from server", _log.Messages);
        await RestoreAsync();
        Assert.Equal(1, feed.Fetches);
    }

    [Fact]
    public async Task Goes_on_to_the_next_source_when_one_fails()
    {
        using LoopbackFeed broken = new() { Failing = HttpStatusCode.NotImplemented };
        new CraftedPackage().WriteTo(_folder["feed"]);
        UseSources(("gone", _folder["missing"], false), ("broken", broken.Address, true), ("local", _folder["feed"], false));
        Assert.Equal(_folder["feed"], (await RestoreAsync()).Source);
    }

    [Fact]
    public async Task Says_of_every_source_why_it_gave_nothing()
    {
        using LoopbackFeed feed = new();
        Directory.CreateDirectory(_folder["feed"]);
        UseSources(("local", _folder["feed"], false), ("plain", feed.Address, false), ("gone", _folder["missing"], false));
        string message = (await FailAsync("MQ4020")).Message;
        Assert.Contains("local does not have it", message, StringComparison.Ordinal);
        Assert.Contains("plain has an http address", message, StringComparison.Ordinal);
        Assert.Contains("gone (", message, StringComparison.Ordinal);
        Assert.Equal(0, feed.Fetches);
    }

    [Fact]
    public async Task Uses_no_network_offline()
    {
        using LoopbackFeed feed = new();
        Serve(feed, new CraftedPackage());
        Assert.Contains("offline", (await FailAsync("MQ4020", offline: true)).Message, StringComparison.Ordinal);
        Assert.Equal(0, feed.Fetches);

        new CraftedPackage().WriteTo(_folder["feed"]);
        UseSources(("server", feed.Address, true), ("local", _folder["feed"], false));
        Assert.Equal(_folder["feed"], (await RestoreAsync(offline: true)).Source);
        Assert.Equal(0, feed.Fetches);
    }

    [Fact]
    public async Task Asks_only_the_sources_that_are_mapped_to_the_package()
    {
        new CraftedPackage().WriteTo(_folder["feed"]);
        new CraftedPackage().WriteTo(_folder["other"]);
        UseSources("""<packageSourceMapping><packageSource key="other"><package pattern="Contoso.*" /></packageSource></packageSourceMapping>""", ("local", _folder["feed"], false), ("other", _folder["other"], false));
        Assert.Equal(_folder["other"], (await RestoreAsync()).Source);
    }

    [Fact]
    public async Task Sources_that_are_named_replace_the_configured_ones()
    {
        new CraftedPackage().WriteTo(_folder["elsewhere"]);
        RestoreOptions options = new() { BaseDirectory = _folder.Path, PackagesFolder = Packages, Sources = ["elsewhere"] };
        Assert.Equal(_folder["elsewhere"], (await PackageRestorer.RestoreAsync(Name(), options, new FileDigests(null), _log, default)).Source);
    }

    public static TheoryData<string> Wrongs => [.. Defects.Keys];

    private static Dictionary<string, Action<CraftedPackage>> Defects { get; } = new()
    {
        ["no descriptor"] = package => package.Descriptor = null,
        ["another id"] = package => package.Nuspec = package.Nuspec.Replace("Contoso.Tiny", "Contoso.Evil", StringComparison.Ordinal),
        ["another version"] = package => package.Nuspec = package.Nuspec.Replace("1.0.0", "2.0.0", StringComparison.Ordinal),
        ["a nuspec that is none"] = package => package.Nuspec = "<package",
        ["a nuspec with an entity"] = package => package.Nuspec = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>" + package.Nuspec.Replace("<?xml version=\"1.0\" encoding=\"utf-8\"?>", "", StringComparison.Ordinal),
        ["other content of the same length"] = package => package.Entries[1] = (package.Entries[1].Name, Encoding.UTF8.GetBytes("Weights of Contoso.Tiny")),
        ["other content of another length"] = package => package.Entries[1] = (package.Entries[1].Name, []),
        ["a file that is missing"] = package => package.Entries.RemoveAt(1),
        ["a file that climbs"] = package => package.Add("../../evil.txt", "evil"),
        ["a file that climbs, escaped"] = package => package.Add("%2e%2e/%2e%2e/evil.txt", "evil"),
        ["a file that climbs, with backslashes"] = package => package.Add("..\\..\\evil.txt", "evil"),
        ["a file at the root of the disk"] = package => package.Add("/evil.txt", "evil"),
        ["a file twice"] = package => package.Entries.Add(package.Entries[1]),
        ["a file twice, in other letters"] = package => package.Add("CHECKPOINT/tiny/config.json", "{}"),
        ["more than its model"] = package => package.Entries.Add(("extra.bin", new byte[17 << 20])),
        ["a descriptor without end"] = package => package.Descriptor!["root"] = new string('x', 2 << 20),
    };

    /// <summary>A package whose digests, names or places are wrong is refused before anything of it is unpacked.</summary>
    [Theory]
    [MemberData(nameof(Wrongs))]
    public async Task Refuses_a_package_with(string defect)
    {
        using LoopbackFeed feed = new();
        CraftedPackage package = new();
        Defects[defect](package);
        Serve(feed, package);
        await FailAsync("MQ4021");
        Assert.Empty(Directory.GetFileSystemEntries(Packages));
        Assert.DoesNotContain(_folder.Files(), file => file.Contains("evil", StringComparison.Ordinal));
    }

    /// <summary>A server that sends other bytes, at any place: the package is what was packed, or refused.</summary>
    [Fact]
    public async Task Unpacks_nothing_else_than_was_packed_whatever_arrives()
    {
        byte[] whole = File.ReadAllBytes(new CraftedPackage().WriteTo(_folder["made"]));
        using LoopbackFeed feed = new();
        feed.Add("Contoso.Tiny", "1.0.0", whole);
        UseSources(("server", feed.Address, true));
        Random random = new(11);
        int refused = 0;
        for (int i = 0; i < 150; i++)
        {
            int at = random.Next(whole.Length);
            feed.Serving = i % 5 == 0 ? bytes => bytes[..at] : bytes => [.. bytes[..at], (byte)(bytes[at] ^ (1 << random.Next(8))), .. bytes[(at + 1)..]];
            try
            {
                RestoredPackage package = await RestoreAsync();
                Assert.Equal("weights of Contoso.Tiny", File.ReadAllText(Path.Combine(package.ModelPath, "model.safetensors")));
                Assert.Equal("""{"model_type":"llama"}""", File.ReadAllText(Path.Combine(package.ModelPath, "config.json")));
                Directory.Delete(Packages, recursive: true);
            }
            catch (MobileQuantException e) when (e.Code is "MQ4020" or "MQ4021")
            {
                refused++;
            }
        }

        Assert.InRange(refused, 50, 150);
        Assert.Empty(_folder.Files("packages"));
    }

    [Fact]
    public async Task Notices_damage_of_what_is_there_and_mends_it_when_forced()
    {
        new CraftedPackage().WriteTo(_folder["feed"]);
        string weights = Path.Combine((await RestoreAsync()).ModelPath, "model.safetensors");
        File.WriteAllText(weights, "Weights of Contoso.Tiny");
        MobileQuantException e = await FailAsync("MQ4022");
        Assert.Contains("model.safetensors", e.Message, StringComparison.Ordinal);
        Assert.Contains("mobilequant restore Contoso.Tiny/1.0.0 --force", e.Remedy, StringComparison.Ordinal);

        RestoreOptions options = new() { BaseDirectory = _folder.Path, PackagesFolder = Packages, Force = true };
        Assert.Equal(_folder["feed"], (await PackageRestorer.RestoreAsync(Name(), options, new FileDigests(null), _log, default)).Source);
        Assert.Equal("weights of Contoso.Tiny", File.ReadAllText(weights));
    }

    [Fact]
    public async Task Refuses_a_package_that_is_there_and_carries_no_model()
    {
        CraftedPackage other = new() { Descriptor = null };
        string folder = Path.Combine(Packages, "contoso.tiny", "1.0.0");
        Directory.CreateDirectory(folder);
        ZipFile.ExtractToDirectory(other.WriteTo(_folder["feed"]), folder);
        File.WriteAllText(Path.Combine(folder, ".nupkg.metadata"), "{}");
        await FailAsync("MQ4021");
    }

    [Fact]
    public async Task Many_at_once_get_the_same_package()
    {
        new CraftedPackage().WriteTo(_folder["feed"]);
        RestoredPackage[] packages = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => RestoreAsync())));
        Assert.Single(packages.Select(package => package.ModelPath).Distinct());
        Assert.Equal(["contoso.tiny"], Directory.GetFileSystemEntries(Packages).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Cancelled_it_leaves_nothing()
    {
        using LoopbackFeed feed = new();
        Serve(feed, new CraftedPackage());
        using CancellationTokenSource cancellation = new();
        feed.Serving = bytes =>
        {
            cancellation.Cancel();
            return bytes;
        };
        RestoreOptions options = new() { BaseDirectory = _folder.Path, PackagesFolder = Packages };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PackageRestorer.RestoreAsync(Name(), options, new FileDigests(null), _log, cancellation.Token));
        Assert.Empty(_folder.Files("packages"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("package:")]
    [InlineData("Contoso.Tiny")]
    [InlineData("package:Contoso.Tiny/")]
    [InlineData("package:Contoso.Tiny/latest")]
    [InlineData("package:Contoso.Tiny/1.*")]
    [InlineData("package:Contoso.Tiny/[1.0.0]")]
    [InlineData("package:../1.0.0")]
    [InlineData("package:a/b/1.0.0")]
    public void A_package_is_named_by_id_and_exact_version(string text) =>
        Assert.Equal("MQ1110", Assert.Throws<MobileQuantException>(() => PackageName.Parse(text)).Code);

    [Theory]
    [InlineData("package:Contoso.Tiny/1.0", "Contoso.Tiny/1.0.0")]
    [InlineData("Contoso.Tiny/2.1.0-beta.1", "Contoso.Tiny/2.1.0-beta.1")]
    [InlineData("PACKAGE:Contoso.Tiny\\1.0.0", "Contoso.Tiny/1.0.0")]
    public void Names_are_normalized(string text, string expected) => Assert.Equal(expected, PackageName.Parse(text).ToString());

    private static PackageName Name() => PackageName.Parse("package:Contoso.Tiny/1.0.0");

    private Task<RestoredPackage> RestoreAsync(bool offline = false) => PackageRestorer.RestoreAsync(
        Name(), new() { BaseDirectory = _folder.Path, PackagesFolder = Packages, Offline = offline }, new FileDigests(_folder["digests.json"]), _log, default);

    private async Task<MobileQuantException> FailAsync(string code, bool offline = false)
    {
        MobileQuantException e = await Assert.ThrowsAsync<MobileQuantException>(() => RestoreAsync(offline));
        Assert.Equal(code, e.Code);
        return e;
    }

    private void Serve(LoopbackFeed feed, CraftedPackage package)
    {
        feed.Add(package.Id, package.Version, File.ReadAllBytes(package.WriteTo(_folder["made"])));
        UseSources(("server", feed.Address, true));
    }

    private void UseSources(params (string Name, string Source, bool Insecure)[] sources) => UseSources("", sources);

    private void UseSources(string more, params (string Name, string Source, bool Insecure)[] sources) => _folder.Write(
        "nuget.config",
        $"<configuration><packageSources><clear/>{string.Concat(sources.Select(s => $"""<add key="{s.Name}" value="{s.Source}" allowInsecureConnections="{s.Insecure}" />"""))}</packageSources>{more}</configuration>");
}
