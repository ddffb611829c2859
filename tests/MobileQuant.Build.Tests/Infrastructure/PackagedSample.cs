using MobileQuant.Tests;

namespace MobileQuant.Build.Tests.Infrastructure;

/// <summary>
/// The StoryTeller sample outside of the repository, with a reference to the packed packages and nothing else, built once with
/// an empty store. The store then has the model for all tests that share this, since quantizing is most of their time.
/// </summary>
public sealed class PackagedSample : IDisposable
{
    private readonly string _version = $"0.1.0-test.{DateTime.UtcNow.Ticks}";

    /// <summary>Packs, copies, builds.</summary>
    public PackagedSample()
    {
        Pack("MobileQuant.Runtime");
        Pack("MobileQuant.Build");
        CopySample();
        FirstBuild = Run("build", "--nologo", Sample).Succeeded();
    }

    internal string Root { get; } = Path.Combine(Path.GetTempPath(), "mobilequant-tests", Guid.NewGuid().ToString("N")[..12]);

    internal string Store => Path.Combine(Root, "store");

    internal string Sample => Path.Combine(Root, "samples", "StoryTeller");

    /// <summary>The build that quantized.</summary>
    internal CommandResult FirstBuild { get; }

    private string Feed => Path.Combine(Root, "feed");

    public void Dispose()
    {
        Directory.Delete(Root, recursive: true);
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (string package in new[] { "mobilequant.build", "mobilequant.runtime" })
        {
            string installed = Path.Combine(packages, package, _version);
            if (Directory.Exists(installed))
            {
                Directory.Delete(installed, recursive: true);
            }
        }
    }

    internal CommandResult Run(params string[] arguments) => Commands.DotNet(Root, Store, arguments);

    /// <summary>A second copy of the sample, with the packages and the store of the first.</summary>
    /// <param name="name">Its folder, beside the first.</param>
    internal string CopyAs(string name)
    {
        string folder = Path.Combine(Root, "samples", name);
        Directory.CreateDirectory(folder);
        foreach (string file in new[] { "StoryTeller.csproj", "Program.cs" })
        {
            File.Copy(Path.Combine(Repository.StoryTeller, file), Path.Combine(folder, file));
        }

        AddReference(Path.Combine(folder, "StoryTeller.csproj"));
        return folder;
    }

    private void Pack(string project)
    {
        Directory.CreateDirectory(Root);
        Commands.DotNet(
            SharedData.RepositoryRoot, Store, "pack", Path.Combine("src", project), "--no-build", "-c", Repository.Configuration, "--nologo", "-o", Feed,
            $"-p:PackageVersion={_version}").Succeeded();
    }

    // The project file stays as it is, up to the one reference that a user adds.
    private void CopySample()
    {
        CopyAs("StoryTeller");
        string model = Path.Combine(Root, "testassets", "stories-llama-2m");
        Directory.CreateDirectory(model);
        foreach (string file in Directory.GetFiles(SharedData.DefaultModel))
        {
            File.Copy(file, Path.Combine(model, Path.GetFileName(file)));
        }

        File.WriteAllText(Path.Combine(Root, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <add key="mobilequant-test" value="{Feed}" />
              </packageSources>
            </configuration>
            """);
    }

    private void AddReference(string project) => Workspace.Edit(
        project,
        "  <ItemGroup>",
        $"""
          <ItemGroup>
            <PackageReference Include="MobileQuant.Build" Version="{_version}" />
        """);
}
