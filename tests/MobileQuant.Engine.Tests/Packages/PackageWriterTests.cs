using System.IO.Compression;
using System.Text;
using System.Xml.Linq;
using MobileQuant.Caching;
using MobileQuant.Packages;
using MobileQuant.Tests.Caching;
using MobileQuant.Tests.Checkpoints;
using MobileQuant.Tests.Lowering;

namespace MobileQuant.Tests.Packages;

public sealed class PackageWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CheckpointFolder _checkpoint = new CheckpointFolder().Write();

    public void Dispose()
    {
        _checkpoint.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_same_content_gives_the_same_bytes_wherever_and_whenever()
    {
        PackedModel first = Pack(Checkpoint("a"), "one");
        string again = Checkpoint("b");
        foreach (string file in Directory.GetFiles(again))
        {
            File.SetLastWriteTimeUtc(file, new DateTime(2031, 5, 6, 7, 8, 9, DateTimeKind.Utc));
        }

        PackedModel second = Pack(again, "two");
        Assert.Equal(File.ReadAllBytes(first.Path), File.ReadAllBytes(second.Path));
        Assert.Equal(FileDigests.Hash(first.Path, null, default), first.Sha256);

        File.AppendAllText(Path.Combine(again, "config.json"), " ");
        Assert.NotEqual(first.Sha256, Pack(again, "three").Sha256);
    }

    [Fact]
    public async Task A_checkpoint_comes_back_as_it_was()
    {
        string source = Checkpoint("a");
        File.WriteAllText(Path.Combine(source, "notes.bin"), "not a part of the checkpoint");
        PackedModel packed = Pack(source, "feed");
        Assert.Equal(Path.Combine(_folder["feed"], "Contoso.Tiny.1.2.0-beta.nupkg"), packed.Path);
        RestoredPackage restored = await RestoreAsync("Contoso.Tiny/1.2.0-beta");
        Assert.Equal("Tiny Llama ä", Path.GetFileName(restored.ModelPath));
        Assert.Equal(["config.json", "model.safetensors"], Directory.GetFiles(restored.ModelPath).Select(Path.GetFileName).Order());
        Assert.All(Directory.GetFiles(restored.ModelPath), file => Assert.Equal(File.ReadAllBytes(Path.Combine(source, Path.GetFileName(file))), File.ReadAllBytes(file)));
    }

    [Fact]
    public async Task A_model_comes_with_targets_for_apps_and_the_runtime()
    {
        using LoweredModel model = new(LoweredModel.Request());
        PackedModel packed = Pack(model.Path, "feed");
        Assert.Equal(PackageKind.Model, packed.Descriptor.Kind);
        Assert.Equal(new string('a', 64), packed.Descriptor.Fingerprint);
        Assert.Equal("W8A8", packed.Descriptor.Precision);

        RestoredPackage restored = await RestoreAsync("Contoso.Tiny/1.2.0-beta");
        Assert.Equal(File.ReadAllBytes(model.Path), File.ReadAllBytes(restored.ModelPath));
        XElement item = XElement.Load(restored.PathOf("buildTransitive/Contoso.Tiny.targets")).Descendants("None").Single();
        Assert.Equal("models/model.mq.safetensors", item.Attribute("Link")!.Value);
        Assert.Equal("$(MSBuildThisFileDirectory)../models/model.mq.safetensors", item.Attribute("Include")!.Value);
        Assert.Contains("""<dependency id="MobileQuant.Runtime" version=""", File.ReadAllText(restored.PathOf("contoso.tiny.nuspec")), StringComparison.Ordinal);
    }

    [Fact]
    public void Carries_licence_readme_and_what_feeds_show()
    {
        string licence = _folder.Write("LICENSE.txt", "Do what you like.");
        string readme = _folder.Write("README.md", "# Tiny");
        PackedModel packed = PackageWriter.Write(Request(Checkpoint("a"), "feed") with { LicenseFile = licence, Readme = readme, Authors = "Ada, Grace", Description = "Small.", ProjectUrl = "https://example.com/tiny" }, null, default);
        using ZipArchive archive = ZipFile.OpenRead(packed.Path);
        string nuspec = new StreamReader(archive.GetEntry("Contoso.Tiny.nuspec")!.Open(), Encoding.UTF8).ReadToEnd();
        Assert.Contains("""<license type="file">LICENSE.txt</license>""", nuspec, StringComparison.Ordinal);
        Assert.Contains("<readme>README.md</readme>", nuspec, StringComparison.Ordinal);
        Assert.Contains("<authors>Ada,Grace</authors>", nuspec, StringComparison.Ordinal);
        Assert.Contains("https://example.com/tiny", nuspec, StringComparison.Ordinal);
        Assert.NotNull(archive.GetEntry("LICENSE.txt"));
        Assert.NotNull(archive.GetEntry("README.md"));
    }

    [Theory]
    [InlineData("no id", "1.0.0", null, null)]
    [InlineData("Contoso.Tiny", "one", null, null)]
    [InlineData("Contoso.Tiny", "1.0.0", "Mine Alone", null)]
    [InlineData("Contoso.Tiny", "1.0.0", null, "file:///etc/passwd")]
    public void Refuses_names_and_texts_that_feeds_would_refuse(string id, string version, string? license, string? url)
    {
        PackRequest request = Request(Checkpoint("a"), "feed") with { Id = id, Version = version, License = license, ProjectUrl = url };
        Assert.Equal("MQ4024", Assert.Throws<MobileQuantException>(() => PackageWriter.Write(request, null, default)).Code);
        Assert.Empty(_folder.Files("feed"));
    }

    [Fact]
    public void Refuses_what_is_no_model()
    {
        Assert.Equal("MQ2001", Assert.Throws<MobileQuantException>(() => Pack(_folder["missing"], "feed")).Code);
        string artifact = _folder.Write("broken.gguf", "GGUF");
        Assert.StartsWith("MQ2", Assert.Throws<MobileQuantException>(() => Pack(artifact, "feed")).Code, StringComparison.Ordinal);
        Assert.Empty(_folder.Files("feed"));
    }

    private PackRequest Request(string source, string output) => new() { Source = source, OutputFolder = _folder[output], Id = "Contoso.Tiny", Version = "1.2.0-beta" };

    private PackedModel Pack(string source, string output) => PackageWriter.Write(Request(source, output), null, default);

    private Task<RestoredPackage> RestoreAsync(string name) => PackageRestorer.RestoreAsync(
        PackageName.Parse(name), new() { BaseDirectory = _folder.Path, PackagesFolder = _folder["packages"], Sources = ["feed"] }, new FileDigests(null), null, default);

    private string Checkpoint(string parent)
    {
        string folder = Path.Combine(_folder[parent], "Tiny Llama ä");
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(_checkpoint.Path))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        return folder;
    }
}
