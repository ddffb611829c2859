using System.Text.Json;
using MobileQuant.Evaluation;
using MobileQuant.Evaluation.Comparison;
using MobileQuant.Quantization;
using MobileQuant.Tests;

namespace MobileQuant.Tool.Tests;

public sealed class CompareCommandTests(DefaultArtifact artifact) : IClassFixture<DefaultArtifact>
{
    private string State => artifact.Folder["rows.jsonl"];

    [Fact]
    public async Task Rows_have_the_figures_of_eval_and_a_second_run_takes_them_from_the_state()
    {
        CommandRun run = await CommandRun.Of(Arguments("--state", State, "--report", artifact.Folder["report.html"], "--json"));

        Assert.True(run.ExitCode == 0, run.Out + run.Error);
        JsonElement rows = run.Json.GetProperty("rows");
        Assert.Equal(["RoundToNearest", "SmoothQuant"], rows.EnumerateArray().Select(row => row.GetProperty("recipe").GetString()).Order());
        JsonElement row = rows.EnumerateArray().Single(one => one.GetProperty("recipe").GetString() == "RoundToNearest");
        JsonElement real = run.Json.GetProperty("floatScores")[0];
        JsonElement simulated = row.GetProperty("simulation")[0];
        Assert.Equal(await Perplexity(SharedData.DefaultModel), real.GetProperty("value").GetDouble(), 9);
        Assert.Equal(await Perplexity(SharedData.DefaultModel, "--simulate", "--recipe", "RoundToNearest", "--calibration", artifact.Text), simulated.GetProperty("value").GetDouble(), 9);
        Assert.Equal(await Perplexity(artifact.Path), row.GetProperty("runtime")[0].GetProperty("value").GetDouble(), 9);
        Assert.Equal((simulated.GetProperty("value").GetDouble() / real.GetProperty("value").GetDouble()) - 1, simulated.GetProperty("overFloat").GetDouble(), 9);
        Assert.Equal(10, row.GetProperty("greedy").GetProperty("prompts").GetInt32());
        Assert.Equal(32, row.GetProperty("greedy").GetProperty("tokens").GetInt32());
        Assert.Equal(6, row.GetProperty("runtimeFidelity").GetArrayLength());
        Assert.True(row.GetProperty("runtimeFidelity")[0].GetProperty("decibels").GetDouble() > row.GetProperty("fidelity")[0].GetProperty("decibels").GetDouble());
        Assert.Equal(6, row.GetProperty("fidelity").GetArrayLength());
        Assert.True(row.GetProperty("peakMemoryBytes").GetInt64() > 50_000_000);
        string page = await File.ReadAllTextAsync(artifact.Folder["report.html"]);
        Assert.Contains("<td class=\"short\">RoundToNearest</td>", page, StringComparison.Ordinal);
        foreach (string written in (string[])[page, run.Out, await File.ReadAllTextAsync(artifact.Folder["report.json"]), await File.ReadAllTextAsync(artifact.Folder["report.md"])])
        {
            Assert.DoesNotContain(artifact.Folder.Path, written, StringComparison.Ordinal);
            Assert.DoesNotContain(SharedData.RepositoryRoot, written, StringComparison.Ordinal);
        }

        CommandRun again = await CommandRun.Of(Arguments("--state", State, "--json"));
        Assert.Equal(run.Out, again.Out);
        Assert.Contains("1/2 RoundToNearest W8A8: known from the state file", again.Error, StringComparison.Ordinal);

        CommandRun table = await CommandRun.Of(Arguments("--state", State));
        Assert.Contains("| recipe ", table.Out, StringComparison.Ordinal);
        Assert.Contains("| float ", table.Out, StringComparison.Ordinal);
        Assert.StartsWith("stories-llama-2m (llama, 2.0 M parameters), target cpu, W8A8, token activations, symmetric weights, perplexity on 508 tokens of stories.txt in windows of 128.", table.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recipe_that_fails_leaves_its_code_and_the_others_go_on()
    {
        CommandRun run = await CommandRun.Of(Arguments("--override", "layers.9.mlp.up=W4", "--json"));

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(["MQ1015", "MQ1015"], run.Json.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("error").GetProperty("code").GetString()));
        Assert.True(run.Json.GetProperty("floatScores")[0].GetProperty("value").GetDouble() > 1);
    }

    [Fact]
    public async Task What_makes_no_sense_is_a_usage_error()
    {
        (await CommandRun.Of(Arguments("--runtime", "Rotated", "--json"))).IsError(2, "MQ1025");
        (await CommandRun.Of(Arguments("--prompts", artifact.Folder["none.txt"], "--json"))).IsError(2, "MQ1009");
        (await CommandRun.Of(Arguments("--text", "wikitext:none.raw", "--json"))).IsError(2, "MQ1009");
        (await CommandRun.Of(Arguments("--report", "report.txt", "--json"))).IsError(2, "MQ1027");
        (await CommandRun.Of(Arguments("--state", artifact.Text, "--json"))).IsError(2, "MQ1026");
        (await CommandRun.Of(Arguments("--weights", "odd", "--json"))).IsError(2, "MQ1003");
    }

    [Fact]
    public void A_cancelled_comparison_keeps_what_it_has()
    {
        string state = artifact.Folder["cancelled.jsonl"];
        using CancellationTokenSource source = new();
        ComparisonRequest request = new()
        {
            Shared = new() { CheckpointPath = SharedData.DefaultModel, OutputPath = "", Calibration = [artifact.Text] },
            Recipes = ["RoundToNearest"],
            Precisions = [Precision.W8A8],
            Measures = [new(EvaluationProtocol.Perplexity, artifact.Text, 64, 1)],
            StatePath = state,
        };

        Assert.ThrowsAny<OperationCanceledException>(() => ComparisonJob.Run(request, new CancelAt("1/1 ", source), source.Token));
        Assert.Equal(1, File.ReadAllLines(state).Count(line => line.Contains("\"float\":", StringComparison.Ordinal)));
        Assert.Single(File.ReadAllLines(state));
    }

    private string[] Arguments(params string[] more) =>
    [
        "compare", SharedData.DefaultModel, "--recipes", "RoundToNearest,SmoothQuant", "--alpha", "0.5", "--calibration", artifact.Text, "--text", artifact.Text,
        "--window", "128", "--limit", "4", .. more.Contains("--runtime") ? Array.Empty<string>() : ["--runtime", "RoundToNearest"], .. more,
    ];

    private async Task<double> Perplexity(string model, params string[] more)
    {
        CommandRun run = await CommandRun.Of(["eval", model, "--text", artifact.Text, "--window", "128", "--limit", "4", "--json", .. more]);
        Assert.True(run.ExitCode == 0, run.Out);
        return run.Json.GetProperty("perplexity").GetDouble();
    }

    private sealed class CancelAt(string label, CancellationTokenSource source) : IProgress<QuantizationEvent>
    {
        public void Report(QuantizationEvent value)
        {
            if (value is QuantizationEvent.Progress progress && progress.Text.StartsWith(label, StringComparison.Ordinal))
            {
                source.Cancel();
            }
        }
    }
}
