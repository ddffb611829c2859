using System.Text.RegularExpressions;
using MobileQuant.Build.Tests.Infrastructure;
using MobileQuant.Tests;

namespace MobileQuant.Build.Tests;

/// <summary>The real tool and the real runtime: a project with one item tells a story.</summary>
public sealed partial class EndToEndTests : IDisposable
{
    private readonly string _root = Path.Combine(Path.GetTempPath(), "mobilequant-tests", Guid.NewGuid().ToString("N")[..12]);
    private readonly string _version = $"0.1.0-test.{DateTime.UtcNow.Ticks}";

    private string Store => Path.Combine(_root, "store");

    private string Feed => Path.Combine(_root, "feed");

    private string Sample => Path.Combine(_root, "samples", "StoryTeller");

    public void Dispose()
    {
        Directory.Delete(_root, recursive: true);
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

    [Fact]
    public void The_packages_alone_turn_the_sample_outside_of_the_repository_into_a_story()
    {
        Pack("MobileQuant.Runtime");
        Pack("MobileQuant.Build");
        CopySample();

        CommandResult cold = Run("build", "--nologo", Sample).Succeeded();
        Assert.Matches(@"MobileQuant: stories-llama-2m: quantized in [0-9.]+ s \(.+\), [0-9.]+ MB", cold.Output);

        CommandResult first = Run("run", "--project", Sample, "--", "Once", "upon", "a", "time").Succeeded();
        Assert.DoesNotContain("MobileQuant:", first.Output, StringComparison.Ordinal);
        Assert.StartsWith("Once upon a time", first.StandardOutput, StringComparison.Ordinal);
        Assert.Matches(@"[1-9][0-9]* tokens at [1-9][0-9]* tokens/s", first.StandardOutput);
        string story = Story(first);
        Assert.InRange(story.Split(' ').Length, 40, 400);

        Directory.Delete(Path.Combine(Sample, "obj"), recursive: true);
        Directory.Delete(Path.Combine(Sample, "bin"), recursive: true);
        CommandResult restored = Run("build", "--nologo", Sample).Succeeded();
        Assert.Contains("MobileQuant: stories-llama-2m: from the store", restored.Output, StringComparison.Ordinal);
        Assert.Equal(story, Story(Run("run", "--no-build", "--project", Sample).Succeeded()));

        Workspace.Edit(Path.Combine(Sample, "StoryTeller.csproj"), "stories-llama-2m\"", "stories-llama-2m\" Recipe=\"RoundToNearest\"");
        CommandResult changed = Run("build", "--nologo", Sample).Succeeded();
        Assert.Matches(@"(?i)MobileQuant: stories-llama-2m: quantized in [0-9.]+ s \(.*recipe.*RoundToNearest.*\)", changed.Output);
    }

    [Fact]
    public void The_sample_in_the_repository_builds_what_it_needs_and_tells_a_story()
    {
        Directory.CreateDirectory(_root);
        Run("build", "--nologo", "-c", Repository.Configuration, Repository.StoryTeller).Succeeded();
        CommandResult result = Run("run", "--no-build", "-c", Repository.Configuration, "--project", Repository.StoryTeller, "--", "The little dog").Succeeded();
        Assert.StartsWith("The little dog", result.StandardOutput, StringComparison.Ordinal);
        Assert.InRange(Story(result).Split(' ').Length, 40, 400);
    }

    private static string Story(CommandResult result) => Statistics().Replace(result.StandardOutput, string.Empty).TrimEnd();

    private void Pack(string project) =>
        Commands.DotNet(
            SharedData.RepositoryRoot, Store, "pack", Path.Combine("src", project), "--no-build", "-c", Repository.Configuration, "--nologo", "-o", Feed,
            $"-p:PackageVersion={_version}").Succeeded();

    private CommandResult Run(params string[] arguments) => Commands.DotNet(_root, Store, arguments);

    // The project file stays as it is, up to the one reference that a user adds.
    private void CopySample()
    {
        Directory.CreateDirectory(Sample);
        foreach (string file in new[] { "StoryTeller.csproj", "Program.cs" })
        {
            File.Copy(Path.Combine(Repository.StoryTeller, file), Path.Combine(Sample, file));
        }

        Workspace.Edit(
            Path.Combine(Sample, "StoryTeller.csproj"),
            "  <ItemGroup>",
            $"""
              <ItemGroup>
                <PackageReference Include="MobileQuant.Build" Version="{_version}" />
            """);
        string model = Path.Combine(_root, "testassets", "stories-llama-2m");
        Directory.CreateDirectory(model);
        foreach (string file in Directory.GetFiles(SharedData.DefaultModel))
        {
            File.Copy(file, Path.Combine(model, Path.GetFileName(file)));
        }

        File.WriteAllText(Path.Combine(_root, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <add key="mobilequant-test" value="{Feed}" />
              </packageSources>
            </configuration>
            """);
    }

    [GeneratedRegex(@"^\d+ tokens at .*$", RegexOptions.Multiline)]
    private static partial Regex Statistics();
}
