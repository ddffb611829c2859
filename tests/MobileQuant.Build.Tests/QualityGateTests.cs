using System.Globalization;
using MobileQuant.Build.Models;
using MobileQuant.Build.Tests.Infrastructure;

namespace MobileQuant.Build.Tests;

/// <summary>The quality gate in a real build, with the real tool and real figures of the sample's model.</summary>
[Collection(nameof(SharedPackages))]
public sealed class QualityGateTests(PackagedSample packaged)
{
    [Fact]
    public void A_model_that_keeps_its_limits_builds_one_that_does_not_fails_at_its_item_and_limits_are_judged_without_quantizing()
    {
        string sample = packaged.CopyAs("Gated");
        string project = Path.Combine(sample, "StoryTeller.csproj");
        File.WriteAllText(Path.Combine(sample, "heldout.txt"), Stories());
        Workspace.Edit(project, "stories-llama-2m\"", "stories-llama-2m\"\n                    EvaluationText=\"heldout.txt\" MaxPerplexityIncrease=\"20%\" MinSqnr=\"5\"");
        int line = 1 + Array.FindIndex(File.ReadAllLines(project), text => text.Contains("<QuantizedModel", StringComparison.Ordinal));

        CommandResult good = packaged.Run("build", "--nologo", sample).Succeeded();
        Assert.Matches(@"MobileQuant: stories-llama-2m: from the store in [0-9.]+ s, [0-9.]+ MB; perplexity [-+]?[0-9.]+ %, worst site [0-9.]+ dB", good.Output);
        Assert.True(File.Exists(InObj(sample)));
        Assert.True(File.Exists(InBin(sample)));

        CommandResult nothing = packaged.Run("build", "--nologo", "--no-restore", sample).Succeeded();
        Assert.DoesNotContain("MobileQuant:", nothing.Output, StringComparison.Ordinal);

        // Known figures are judged: nothing is quantized or measured, and failing is not forgotten.
        Workspace.Edit(project, "MinSqnr=\"5\"", "MinSqnr=\"60\"");
        for (int i = 0; i < 2; i++)
        {
            CommandResult bad = packaged.Run("build", "--nologo", "--no-restore", "-p:MobileQuantVerbosity=detailed", sample).Failed();
            Assert.Matches(
                $@"StoryTeller\.csproj\({line.ToString(CultureInfo.InvariantCulture)},\d+\): error MQ3061: stories-llama-2m fails the quality gate: 19 of 19 sites have less than the 60 dB .* The worst sites: (layers\.\S+ [0-9.]+ dB, ){{9}}\S+ [0-9.]+ dB\. .*Try, in this order: ",
                bad.Output);
            Assert.DoesNotContain("perplexity of heldout.txt", bad.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("quantizing", bad.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("MQ1109", bad.Output, StringComparison.Ordinal);
            Assert.False(File.Exists(InObj(sample)));
        }

        Workspace.Edit(project, "MinSqnr=\"60\"", "MinSqnr=\"6\"");
        CommandResult relaxed = packaged.Run("build", "--nologo", "--no-restore", "-p:MobileQuantVerbosity=detailed", sample).Succeeded();
        Assert.Contains("MobileQuant: stories-llama-2m: from the store", relaxed.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("perplexity of heldout.txt", relaxed.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(InBin(sample)));

        Workspace.Edit(project, "MaxPerplexityIncrease=\"20%\"", "MaxPerplexityIncrease=\"0\"");
        File.AppendAllText(Path.Combine(sample, "heldout.txt"), Stories());
        CommandResult measured = packaged.Run("build", "--nologo", "--no-restore", "-p:MobileQuantVerbosity=detailed", sample);
        Assert.Contains("perplexity of heldout.txt", measured.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("quantizing", measured.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ModelMetadata.MaxPerplexityIncrease, "10%", true)]
    [InlineData(ModelMetadata.MaxPerplexityIncrease, "0.1", true)]
    [InlineData(ModelMetadata.MaxPerplexityIncrease, "150 %", true)]
    [InlineData(ModelMetadata.MaxPerplexityIncrease, "", true)]
    [InlineData(ModelMetadata.MaxPerplexityIncrease, "10", false)]
    [InlineData(ModelMetadata.MaxPerplexityIncrease, "-1%", false)]
    [InlineData(ModelMetadata.MaxPerplexityIncrease, "%", false)]
    [InlineData(ModelMetadata.MinSqnr, "15", true)]
    [InlineData(ModelMetadata.MinSqnr, "12.5", true)]
    [InlineData(ModelMetadata.MinSqnr, "", true)]
    [InlineData(ModelMetadata.MinSqnr, "-3", false)]
    [InlineData(ModelMetadata.MinSqnr, "1000", false)]
    [InlineData(ModelMetadata.MinSqnr, "15 dB", false)]
    public void Limits_are_checked_before_the_tool_starts(string metadata, string value, bool isGood) =>
        Assert.Equal(isGood, MetadataTable.TryNormalize(metadata, value, out _, out _));

    private static string InObj(string sample) => Path.Combine(sample, "obj", "Debug", "net10.0", "mobilequant", "stories-llama-2m", "stories-llama-2m.mq.safetensors");

    private static string InBin(string sample) => Path.Combine(sample, "bin", "Debug", "net10.0", "models", "stories-llama-2m.mq.safetensors");

    private static string Stories() => string.Join("\n\n", Enumerable.Range(0, 80).Select(i =>
        $"Once upon a time, there was a little girl named Lily. One day, Lily saw {(i % 5) + 2} {(i % 3 == 0 ? "dogs" : i % 3 == 1 ? "birds" : "cats")} in the park. She was very happy and played with them all day."));
}
