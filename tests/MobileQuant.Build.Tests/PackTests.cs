using System.IO.Compression;
using MobileQuant.Build.Tests.Infrastructure;

namespace MobileQuant.Build.Tests;

/// <summary>A library that carries its model to apps in a NuGet package.</summary>
public sealed class PackTests : IDisposable
{
    private readonly Workspace _work = new("Pakete & 包");

    public PackTests()
    {
        _work.WriteCheckpoint("tiny");
        Directory.CreateDirectory(Feed);
    }

    private string Feed => Path.Combine(_work.Root, "feed");

    // Packages under the workspace and not under the user's folder: each run has contents of its own under the same version.
    private string Packages => Path.Combine(_work.Root, "packages");

    public void Dispose() => _work.Dispose();

    [Fact]
    public void A_packed_model_reaches_the_apps_of_those_who_use_the_library()
    {
        string library = _work.WriteApp(
            """<QuantizedModel Include="../tiny" Pack="true" /><QuantizedModel Include="../tiny" Name="kept" />""",
            "Deep",
            "<TargetFrameworks>net10.0;netstandard2.0</TargetFrameworks>",
            "Library");
        CommandResult packed = Pack(library).Succeeded();
        Assert.Equal(["kept", "tiny"], _work.TakeRuns().Distinct().Order());
        Assert.Equal(["build/Deep.targets", "buildTransitive/Deep.targets", "models/tiny.mq.safetensors"], Contents("Deep"));
        Assert.DoesNotContain("warning", packed.Output, StringComparison.Ordinal);

        // From here on nothing but the packages: whoever uses them has neither our targets nor the tool.
        File.Delete(Path.Combine(_work.Root, "Directory.Build.props"));
        File.Delete(Path.Combine(_work.Root, "Directory.Build.targets"));
        string between = _work.WriteApp("""<PackageReference Include="Deep" Version="1.0.0" />""", "Between", outputType: "Library");
        Pack(between).Succeeded();
        Assert.Empty(Contents("Between"));
        string app = _work.WriteApp("""<PackageReference Include="Between" Version="1.0.0" />""");
        _work.DotNet(app, "build", "--nologo", "-m:1", $"-p:RestorePackagesPath={Packages}", $"-p:RestoreAdditionalProjectSources={Feed}", "-p:UseAppHost=false").Succeeded();

        Assert.Empty(_work.TakeRuns());
        Assert.Equal(
            File.ReadAllText(Path.Combine(library, "obj", "Debug", "net10.0", "mobilequant", "tiny", "tiny.mq.safetensors")),
            File.ReadAllText(Path.Combine(app, "bin", "Debug", "net10.0", "models", "tiny.mq.safetensors")));
        Assert.False(File.Exists(Path.Combine(app, "bin", "Debug", "net10.0", "models", "kept.mq.safetensors")));
    }

    [Fact]
    public void A_model_that_was_not_made_and_a_build_package_that_flows_on_are_named()
    {
        string library = _work.WriteApp("""<QuantizedModel Include="../tiny" Pack="TRUE" />""", "Library", outputType: "Library");
        CommandResult unmade = Pack(library, "-p:MobileQuantEnabled=false").Failed();
        Assert.Contains("MQ1115", unmade.Output, StringComparison.Ordinal);

        // An item that restore has not seen: what is looked at is how the reference is written.
        Workspace.Edit(Path.Combine(library, "Library.csproj"), "</Project>", """
              <Target Name="Reference" BeforeTargets="_MobileQuantPack">
                <ItemGroup><PackageReference Include="MobileQuant.Build" PrivateAssets="$(Assets)" /></ItemGroup>
              </Target>
            </Project>
            """);
        Assert.Contains("warning MQ1114", Pack(library).Succeeded().Output, StringComparison.Ordinal);
        Assert.DoesNotContain("MQ1114", Pack(library, "-p:Assets=compile%3b All").Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("MQ1101", WrongPack().Output, StringComparison.Ordinal);
    }

    private CommandResult WrongPack() =>
        _work.Build(_work.WriteApp("""<QuantizedModel Include="../tiny" Pack="yes" />""", "Wrong")).Failed();

    private CommandResult Pack(string project, params string[] more) => _work.DotNet(
        project,
        ["pack", "--nologo", "-m:1", "-c", "Debug", "-o", Feed, $"-p:RestorePackagesPath={Packages}", $"-p:RestoreAdditionalProjectSources={Feed}", "-p:Version=1.0.0", .. more]);

    private string[] Contents(string id)
    {
        using ZipArchive package = ZipFile.OpenRead(Path.Combine(Feed, $"{id}.1.0.0.nupkg"));
        return
        [
            .. package.Entries.Select(entry => Uri.UnescapeDataString(entry.FullName))
                .Where(name => name.StartsWith("build", StringComparison.Ordinal) || name.StartsWith("models", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
    }
}
