using System.Text.Json;
using MobileQuant.Tests;

namespace MobileQuant.Tool.Tests;

public sealed class HardenCommandTests(DefaultArtifact artifact) : IClassFixture<DefaultArtifact>
{
    [Fact]
    public async Task A_hard_variant_is_equal_in_float_and_collapses_when_it_is_rounded()
    {
        string hard = artifact.Folder["hard"];
        CommandRun run = await CommandRun.Of("harden", SharedData.DefaultModel, "-o", hard, "--seed", "3", "--share", "0.05", "--json");

        Assert.True(run.ExitCode == 0, run.Out + run.Error);
        Assert.Equal(["output", "bytes", "seed", "share", "minimumFactor", "maximumFactor", "pairs", "loudChannels", "seconds"], run.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal(3, run.Json.GetProperty("seed").GetInt32());
        Assert.Equal(18, run.Json.GetProperty("pairs").GetInt32());
        Assert.Equal(6 * (8 + 8 + 22), run.Json.GetProperty("loudChannels").GetInt32());
        double real = await Perplexity(SharedData.DefaultModel);
        Assert.Equal(real, await Perplexity(hard), real * 1e-4);
        string[] simulate = ["--simulate", "--recipe", "RoundToNearest", "--activations", "static", "--wide-sites", "0", "--calibration", artifact.Text];
        Assert.InRange(await Perplexity(SharedData.DefaultModel, simulate) / real, 0.9, 1.2);
        Assert.InRange(await Perplexity(hard, simulate) / real, 2, double.MaxValue);

        string quantized = artifact.Folder["hard.mq.safetensors"];
        CommandRun quantize = await CommandRun.Of("quantize", hard, "-o", quantized, "--recipe", "SmoothQuant-Edge", "--alpha", "0.5", "--calibration", artifact.Text, "--no-cache", "--json");
        Assert.True(quantize.ExitCode == 0, quantize.Out + quantize.Error);
        Assert.InRange(await Perplexity(quantized) / real, 0.9, 1.2);
    }

    [Fact]
    public async Task Without_json_it_says_what_it_did()
    {
        CommandRun run = await CommandRun.Of("harden", SharedData.DefaultModel, "-o", artifact.Folder["said"], "--share", "0.05", "--min-factor", "2", "--max-factor", "16");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("228 channels of 18 pairs are 2 to 16 times as loud", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_input_is_one_error()
    {
        string free = artifact.Folder["free"];
        (await Harden(free, "--share", "2")).IsError(2, "MQ1020");
        (await Harden(free, "--min-factor", "9")).IsError(2, "MQ1020");
        (await Harden(free, "--max-factor", "4")).IsError(2, "MQ1020");
        (await Harden(free, "--seed", "x")).IsError(2, "MQ1001");
        (await Harden(artifact.Folder.Path)).IsError(2, "MQ1021");
        (await CommandRun.Of("harden", SharedData.DefaultModel, "--json")).IsError(2, "MQ1001");
        (await CommandRun.Of("harden", artifact.Folder["nowhere"], "-o", free, "--json")).IsError(1, "MQ2001");
        (await CommandRun.Of("harden", BrokenCheckpoint.Create(artifact.Folder, "NaN"), "-o", free, "--json")).IsError(1, "MQ2008");
        Assert.False(Directory.Exists(free));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(artifact.Folder.Path), path => path.Contains("mqtmp", StringComparison.Ordinal));
    }

    [SharedDataFact]
    public async Task A_gguf_file_has_no_configuration_to_copy() =>
        (await CommandRun.Of("harden", SharedData.Path("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"), "-o", artifact.Folder["gguf"], "--json")).IsError(2, "MQ1022");

    private static Task<CommandRun> Harden(string output, params string[] more) => CommandRun.Of(["harden", SharedData.DefaultModel, "-o", output, "--json", .. more]);

    private async Task<double> Perplexity(string model, params string[] more)
    {
        CommandRun run = await CommandRun.Of(["eval", model, "--text", artifact.Text, "--window", "128", "--limit", "4", "--json", .. more]);
        Assert.True(run.ExitCode == 0, run.Out);
        return run.Json.GetProperty("perplexity").GetDouble();
    }
}
