using System.Text.RegularExpressions;
using MobileQuant.Build.Tests.Infrastructure;
using MobileQuant.Tests;

namespace MobileQuant.Build.Tests;

/// <summary>The real tool and the real runtime: a project with one item tells a story.</summary>
[Collection(nameof(SharedPackages))]
public sealed partial class EndToEndTests(PackagedSample packaged)
{
    [Fact]
    public void The_packages_alone_turn_the_sample_outside_of_the_repository_into_a_story()
    {
        Assert.Matches(@"MobileQuant: stories-llama-2m: quantized in [0-9.]+ s \(.+\), [0-9.]+ MB", packaged.FirstBuild.Output);

        CommandResult first = packaged.Run("run", "--project", packaged.Sample, "--", "Once", "upon", "a", "time").Succeeded();
        Assert.DoesNotContain("MobileQuant:", first.Output, StringComparison.Ordinal);
        Assert.StartsWith("Once upon a time", first.StandardOutput, StringComparison.Ordinal);
        Assert.Matches(@"[1-9][0-9]* tokens at [1-9][0-9]* tokens/s", first.StandardOutput);
        string story = Story(first);
        Assert.InRange(story.Split(' ').Length, 40, 400);

        Directory.Delete(Path.Combine(packaged.Sample, "obj"), recursive: true);
        Directory.Delete(Path.Combine(packaged.Sample, "bin"), recursive: true);
        CommandResult restored = packaged.Run("build", "--nologo", packaged.Sample).Succeeded();
        Assert.Contains("MobileQuant: stories-llama-2m: from the store", restored.Output, StringComparison.Ordinal);
        Assert.Equal(story, Story(packaged.Run("run", "--no-build", "--project", packaged.Sample).Succeeded()));

        Workspace.Edit(Path.Combine(packaged.Sample, "StoryTeller.csproj"), "stories-llama-2m\"", "stories-llama-2m\" Recipe=\"RoundToNearest\"");
        CommandResult changed = packaged.Run("build", "--nologo", packaged.Sample).Succeeded();
        Assert.Matches(@"(?i)MobileQuant: stories-llama-2m: quantized in [0-9.]+ s \(.*recipe.*RoundToNearest.*\)", changed.Output);
    }

    // The model is in the store already; what decides it is told all the same.
    [Theory]
    [InlineData("-p:MobileQuantVerbosity=detailed")]
    [InlineData("-v:detailed")]
    public void A_detailed_build_tells_every_entry_of_the_fingerprint(string argument)
    {
        string sample = packaged.CopyAs("Detailed" + argument.Length);
        CommandResult build = packaged.Run("build", "--nologo", sample, argument).Succeeded();

        Dictionary<string, string> entries = Entry().Matches(build.Output).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        Assert.Equal("W8A8", entries["precision"]);
        Assert.Equal("1337", entries["seed"]);
        Assert.Equal("sampled from the model", entries["calibration"]);
        Assert.Equal(
            Directory.GetFiles(SharedData.DefaultModel, "*.json").Concat(Directory.GetFiles(SharedData.DefaultModel, "*.safetensors")).Select(Path.GetFileName).Order(StringComparer.Ordinal),
            entries.Keys.Where(name => name.StartsWith("checkpoint/", StringComparison.Ordinal)).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Superset(
            new HashSet<string>(["algorithm version", "artifact format", "recipe", "settings", "alpha", "activations", "target", "wide sites", "prefix", "weights", "granularity", "rounding", "overrides"]),
            entries.Keys.ToHashSet());
    }

    [Fact]
    public void The_sample_in_the_repository_builds_what_it_needs_and_tells_a_story()
    {
        packaged.Run("build", "--nologo", "-c", Repository.Configuration, Repository.StoryTeller).Succeeded();
        CommandResult result = packaged.Run("run", "--no-build", "-c", Repository.Configuration, "--project", Repository.StoryTeller, "--", "The little dog").Succeeded();
        Assert.StartsWith("The little dog", result.StandardOutput, StringComparison.Ordinal);
        Assert.InRange(Story(result).Split(' ').Length, 40, 400);
    }

    private static string Story(CommandResult result) => Statistics().Replace(result.StandardOutput, string.Empty).TrimEnd();

    [GeneratedRegex(@"MobileQuant: stories-llama-2m: fingerprint: (.+) [0-9a-f]{12} (.*?)\r?$", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex(@"^\d+ tokens at .*$", RegexOptions.Multiline)]
    private static partial Regex Statistics();
}
