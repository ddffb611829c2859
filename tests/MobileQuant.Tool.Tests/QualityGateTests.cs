using System.Text.Json;
using MobileQuant.Tests;

namespace MobileQuant.Tool.Tests;

/// <summary>The quality gate of the command line, with a real model and real figures.</summary>
public sealed class QualityGateTests(DefaultArtifact artifact) : IClassFixture<DefaultArtifact>
{
    [Fact]
    public async Task An_artifact_that_keeps_its_limits_is_made_and_tells_its_figures()
    {
        string output = artifact.Folder["good/stories.mq.safetensors"];
        CommandRun run = await QuantizeAsync(output, "--max-perplexity-increase", "20%", "--min-sqnr", "10", "--json");

        Assert.True(run.ExitCode == 0, run.Out + run.Error);
        Assert.Equal("hit", run.Json.GetProperty("cache").GetString());
        Assert.True(File.Exists(output));
        JsonElement quality = run.Json.GetProperty("quality");
        double real = quality.GetProperty("floatPerplexity").GetDouble();
        double integer = quality.GetProperty("perplexity").GetDouble();
        Assert.InRange(integer / real, 0.98, 1.05);
        Assert.Equal((integer - real) / real, quality.GetProperty("perplexityIncrease").GetDouble(), 12);
        Assert.Equal(integer, await PerplexityAsync(artifact.Path), 9);
        Assert.Equal(real, await PerplexityAsync(SharedData.DefaultModel), 4);
        Assert.Equal((6 * 3) + 1, quality.GetProperty("sites").GetArrayLength());
        Assert.Matches("quality: perplexity [0-9.]+ against [0-9.]+ in float \\([+-]?[0-9.]+ %, 20 % allowed, [0-9]+ tokens\\); worst site layers\\.", run.Error);
    }

    [Fact]
    public async Task A_failing_gate_is_exit_code_3_with_sites_and_suggestions_and_leaves_no_output()
    {
        string output = artifact.Folder["bad/stories.mq.safetensors"];
        CommandRun run = await QuantizeAsync(output, "--max-perplexity-increase", "0%", "--min-sqnr", "60");

        Assert.Equal(3, run.ExitCode);
        Assert.Empty(run.Out);
        Assert.Contains("error MQ306", run.Error, StringComparison.Ordinal);
        Assert.Contains("stories-llama-2m fails the quality gate: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("19 of 19 sites have less than the 60 dB", run.Error, StringComparison.Ordinal);
        string worst = Assert.Single(run.Error.Split('\n'), line => line.StartsWith("The worst sites: ", StringComparison.Ordinal));
        Assert.Equal(10, worst.Split(", ").Length);
        Assert.Contains("Recipe=auto", run.Error, StringComparison.Ordinal);
        Assert.Contains("more calibration text", run.Error, StringComparison.Ordinal);
        Assert.Empty(artifact.Folder.Files("bad"));
    }

    [Fact]
    public async Task A_failing_gate_is_one_error_as_json_and_one_event()
    {
        string output = artifact.Folder["machine/stories.mq.safetensors"];
        (await QuantizeAsync(output, "--min-sqnr", "60", "--json")).IsError(3, "MQ3061");

        CommandRun events = await QuantizeAsync(output, "--min-sqnr", "60", "--events");
        Assert.Equal(3, events.ExitCode);
        JsonElement error = Assert.Single(events.Lines, line => line.GetProperty("event").GetString() is "error" or "result");
        Assert.Equal("MQ3061", error.GetProperty("code").GetString());
        Assert.Contains("Try, in this order: ", error.GetProperty("remedy").GetString(), StringComparison.Ordinal);

        CommandRun good = await QuantizeAsync(output, "--min-sqnr", "5", "--events");
        Assert.Equal(0, good.ExitCode);
        Assert.InRange(good.Lines[^1].GetProperty("worstSqnr").GetDouble(), 15, 40);
        Assert.InRange(good.Lines[^1].GetProperty("perplexityIncrease").GetDouble(), -0.02, 0.05);
    }

    [Fact]
    public async Task A_known_figure_is_judged_without_measuring()
    {
        string output = artifact.Folder["known/stories.mq.safetensors"];
        Assert.Equal(0, (await QuantizeAsync(output)).ExitCode);
        CommandRun judged = await QuantizeAsync(output, "--min-sqnr", "60");
        Assert.Equal(3, judged.ExitCode);
        Assert.DoesNotContain("evaluate:", judged.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(output));
        Assert.Equal(0, (await QuantizeAsync(output, "--min-sqnr", "5")).ExitCode);
        Assert.True(File.Exists(output));
    }

    [Theory]
    [InlineData("MQ1030", "--evaluation-text", "nowhere.txt")]
    [InlineData("MQ1031", "--max-perplexity-increase", "10")]
    [InlineData("MQ1031", "--max-perplexity-increase", "")]
    [InlineData("MQ1032", "--min-sqnr", "loud")]
    public async Task Limits_that_make_no_sense_are_usage_errors(string code, string option, string value) =>
        (await QuantizeAsync(artifact.Folder["usage/x.mq.safetensors"], option, value, "--json")).IsError(2, code);

    [Fact]
    public async Task An_increase_needs_a_text() =>
        (await CommandRun.Of(artifact.QuantizeArguments("--max-perplexity-increase", "10%"))).IsError(2, "MQ1033");

    [Fact]
    public async Task Eval_judges_an_artifact_by_its_checkpoint_with_the_figures_of_quantize()
    {
        JsonElement made = (await QuantizeAsync(artifact.Folder["judged/stories.mq.safetensors"], "--json")).Json.GetProperty("quality");
        string[] arguments = ["eval", artifact.Path, "--text", artifact.Text, "--reference", SharedData.DefaultModel, "--limit", "32"];
        CommandRun good = await CommandRun.Of([.. arguments, "--max-perplexity-increase", "20%", "--min-sqnr", "10", "--json"]);
        Assert.True(good.ExitCode == 0, good.Out + good.Error);
        Assert.Equal(made.ToString(), good.Json.GetProperty("quality").ToString());
        Assert.Equal(made.GetProperty("perplexity").GetDouble(), good.Json.GetProperty("perplexity").GetDouble(), 12);
        Assert.Matches("float: perplexity [0-9.]+, [-+]?[0-9.]+ % over it; worst site layers\\.", (await CommandRun.Of(arguments)).Out);

        CommandRun bad = await CommandRun.Of([.. arguments, "--min-sqnr", "60", "--json"]);
        bad.IsError(3, "MQ3061");
        Assert.Contains("19 of 19 sites", bad.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Eval_judges_a_simulation_by_all_of_its_sites()
    {
        string[] arguments = ["eval", SharedData.DefaultModel, "--simulate", "--recipe", "RoundToNearest", "--calibration", artifact.Text, "--text", artifact.Text, "--limit", "4", "--json"];
        CommandRun good = await CommandRun.Of([.. arguments, "--max-perplexity-increase", "20%", "--min-sqnr", "10"]);
        Assert.True(good.ExitCode == 0, good.Out + good.Error);
        Assert.Contains(good.Json.GetProperty("quality").GetProperty("sites").EnumerateArray(), site => site.GetProperty("site").GetString() == "layers.3.mlp.down.input");

        CommandRun bad = await CommandRun.Of([.. arguments, "--precision", "W4A8", "--max-perplexity-increase", "0.01%", "--min-sqnr", "20"]);
        bad.IsError(3, "MQ3060");
        Assert.Contains("Precision=W4B64A8", bad.Json.GetProperty("error").GetProperty("remedy").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MQ1034", false, "--min-sqnr", "10")]
    [InlineData("MQ1034", true, "--min-sqnr", "10")]
    [InlineData("MQ1034", false, "--reference", "MODEL", "--protocol", "lambada")]
    [InlineData("MQ1034", true, "--reference", "MODEL", "--simulate")]
    [InlineData("MQ1031", false, "--reference", "MODEL", "--max-perplexity-increase", "10")]
    public async Task Eval_without_anything_to_compare_with_is_a_usage_error(string code, bool isCheckpoint, params string[] more) =>
        (await CommandRun.Of(["eval", isCheckpoint ? SharedData.DefaultModel : artifact.Path, "--text", artifact.Text, "--json", .. more.Select(one => one == "MODEL" ? SharedData.DefaultModel : one)])).IsError(2, code);

    /// <summary>The fixture's model again, measured on the fixture's text, elsewhere.</summary>
    private Task<CommandRun> QuantizeAsync(string output, params string[] more)
    {
        string[] arguments = [.. artifact.QuantizeArguments().Where(argument => argument != "--json"), "--evaluation-text", "stories.txt"];
        arguments[3] = output;

        string[] all = more.Contains("--evaluation-text") ? [.. arguments.SkipLast(2), .. more] : [.. arguments, .. more];
        return CommandRun.Of(all);
    }

    private async Task<double> PerplexityAsync(string model) =>
        (await CommandRun.Of("eval", model, "--text", artifact.Text, "--limit", "32", "--json")).Json.GetProperty("perplexity").GetDouble();
}
