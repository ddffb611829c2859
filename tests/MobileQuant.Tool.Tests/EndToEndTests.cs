using System.Text;
using System.Text.Json;
using MobileQuant.Tests;

namespace MobileQuant.Tool.Tests;

public sealed class EndToEndTests(DefaultArtifact artifact) : IClassFixture<DefaultArtifact>
{
    [Fact]
    public async Task Quantizing_twice_is_a_miss_and_a_hit()
    {
        Assert.True(artifact.Run.ExitCode == 0, artifact.Run.Out + artifact.Run.Error);
        Assert.Equal("miss", artifact.Run.Json.GetProperty("cache").GetString());
        Assert.Equal("no earlier result for this model", artifact.Run.Json.GetProperty("reason").GetString());

        CommandRun second = await CommandRun.Of(artifact.QuantizeArguments());

        Assert.Equal("hit", second.Json.GetProperty("cache").GetString());
        string key = second.Json.GetProperty("fingerprint").GetString()!;
        Assert.Equal(artifact.Run.Json.GetProperty("fingerprint").GetString(), key);

        // The file itself says what it was made from.
        CommandRun explained = await CommandRun.Of("cache", "explain", artifact.Path, "--cache-directory", artifact.Folder["store"]);
        Assert.StartsWith(key, explained.Out, StringComparison.Ordinal);
        (await CommandRun.Of("cache", "explain", artifact.Path, "--cache-directory", artifact.Folder["empty"], "--json")).IsError(1, "MQ4006");
    }

    [Fact]
    public async Task Quantizing_without_the_store_gives_the_same_bytes()
    {
        string other = artifact.Folder["other.mq.safetensors"];

        CommandRun run = await CommandRun.Of([.. artifact.QuantizeArguments("--no-cache").Select(argument => argument == artifact.Path ? other : argument)]);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(await File.ReadAllBytesAsync(artifact.Path), await File.ReadAllBytesAsync(other));
    }

    [Fact]
    public async Task A_report_shows_layers_channels_and_settings_and_is_the_same_from_the_store()
    {
        CommandRun run = await CommandRun.Of(artifact.QuantizeArguments("--report", artifact.Folder["report.html"]));
        Assert.True(run.ExitCode == 0, run.Out + run.Error);
        using JsonDocument report = JsonDocument.Parse(await File.ReadAllTextAsync(artifact.Folder["report.json"]));
        JsonElement root = report.RootElement;

        Assert.Equal("stories-llama-2m: RoundToNearest, W8A8", root.GetProperty("title").GetString());
        Assert.Equal("1337", root.GetProperty("settings").GetProperty("seed").GetString());
        JsonElement fidelity = root.GetProperty("fidelity")[0].GetProperty("sites");
        Assert.Equal((6 * 3) + 1, fidelity.GetArrayLength());
        Assert.All(fidelity.EnumerateArray(), site => Assert.InRange(site.GetProperty("decibels").GetDouble(), 15, 60));
        Assert.Equal(6 * 6, root.GetProperty("activations").GetArrayLength());
        Assert.Contains(root.GetProperty("activations").EnumerateArray(), site => site.GetProperty("site").GetString() == "layers.3.mlp.down.input" && site.GetProperty("channels")[0].GetProperty("ratio").GetDouble() > 1);
        string page = await File.ReadAllTextAsync(artifact.Folder["report.html"]);
        Assert.Contains("worst site of the layer", page, StringComparison.Ordinal);
        Assert.DoesNotContain(artifact.Folder.Path, page, StringComparison.Ordinal);

        Assert.Equal(0, (await CommandRun.Of(artifact.QuantizeArguments("--report", artifact.Folder["again.html"], "--events"))).ExitCode);
        Assert.Equal(Timeless(page), Timeless(await File.ReadAllTextAsync(artifact.Folder["again.html"])));
        (await CommandRun.Of(artifact.QuantizeArguments("--report", artifact.Folder["report.txt"]))).IsError(2, "MQ1027");

        static string Timeless(string text) => string.Join('\n', text.Split('\n').Where(line => !line.Contains(">time<", StringComparison.Ordinal) && !line.Contains(">peak memory<", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Inspect_shows_what_was_asked_for()
    {
        JsonElement json = (await CommandRun.Of("inspect", artifact.Path, "--verify", "--json")).Json;

        Assert.Equal("W8A8", json.GetProperty("precision").GetString());
        Assert.Equal("RoundToNearest", json.GetProperty("recipe").GetString());
        Assert.Equal("token", json.GetProperty("activations").GetString());
        Assert.Equal(artifact.Run.Json.GetProperty("fingerprint").GetString(), json.GetProperty("fingerprint").GetString());
        Assert.Equal(1_988_640, json.GetProperty("parameters").GetInt64());
        Assert.Equal(6, json.GetProperty("shape").GetProperty("layers").GetInt32());
        Assert.Equal(new FileInfo(artifact.Path).Length, json.GetProperty("parts").EnumerateObject().Sum(part => part.Value.GetInt64()));
        Assert.True(json.GetProperty("verified").GetBoolean());
        Assert.NotEmpty(json.GetProperty("sites").EnumerateArray());
        JsonElement environment = json.GetProperty("environment");
        Assert.Equal(
            ["processor", "instructions", "device", "platform", "runtime", "torchSharp", "libtorch"],
            environment.EnumerateObject().Select(member => member.Name));
        string text = (await CommandRun.Of("inspect", artifact.Path, "--sites")).Out;
        Assert.Contains("6 layers, 160 wide", text, StringComparison.Ordinal);
        Assert.Contains($"  made on      {environment.GetProperty("processor").GetString()} (", text, StringComparison.Ordinal);
        Assert.Contains($"  made with    TorchSharp {environment.GetProperty("torchSharp").GetString()}, libtorch ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_tells_the_same_story_streamed_and_as_json_and_on_any_number_of_threads()
    {
        CommandRun streamed = await Run("--threads", "1");
        JsonElement json = (await Run("--threads", "2", "--json")).Json;

        Assert.Equal(0, streamed.ExitCode);
        Assert.Equal(streamed.Out.TrimEnd('\r', '\n'), json.GetProperty("text").GetString()!.TrimEnd('\r', '\n'));
        Assert.Equal(24, json.GetProperty("newTokens").GetInt32());
        Assert.Equal("maxTokens", json.GetProperty("stopReason").GetString());
        Assert.Contains("tokens at", streamed.Error, StringComparison.Ordinal);

        Task<CommandRun> Run(params string[] more) =>
            CommandRun.Of(["run", artifact.Path, "--prompt", "Once upon a time", "--max-tokens", "24", "--temperature", "0", .. more]);
    }

    [Fact]
    public async Task Eval_gives_nearly_the_same_perplexity_in_float_simulated_and_in_integers()
    {
        double real = await Perplexity(SharedData.DefaultModel);
        double simulated = await Perplexity(SharedData.DefaultModel, "--simulate", "--recipe", "RoundToNearest", "--calibration", artifact.Text);
        double integer = await Perplexity(artifact.Path);

        Assert.InRange(simulated / real, 0.97, 1.03);
        Assert.InRange(integer / real, 0.97, 1.03);
        Assert.InRange(integer / simulated, 0.98, 1.02);

        async Task<double> Perplexity(string model, params string[] more)
        {
            CommandRun run = await CommandRun.Of(["eval", model, "--text", artifact.Text, "--window", "128", "--limit", "8", "--json", .. more]);
            Assert.True(run.ExitCode == 0, run.Out);
            Assert.Equal(8 * 127, run.Json.GetProperty("tokens").GetInt64());
            Assert.Equal(model, run.Json.GetProperty("model").GetString());
            return run.Json.GetProperty("perplexity").GetDouble();
        }
    }

    [Fact]
    public async Task Eval_knows_word_perplexity_and_last_tokens()
    {
        string wiki = artifact.Folder.Write("wiki.raw", " = A day = \n\n The girl went to the park . She was happy . \n");
        JsonElement words = (await CommandRun.Of("eval", artifact.Path, "--text", wiki, "--protocol", "wikitext", "--json")).Json;
        Assert.True(words.GetProperty("wordPerplexity").GetDouble() > words.GetProperty("perplexity").GetDouble());

        string lines = artifact.Folder.Write("lines.jsonl", "{\"text\": \"Once upon a time\"}\n{\"text\": \"Once upon a xylophone\"}\n");
        JsonElement last = (await CommandRun.Of("eval", artifact.Path, "--text", lines, "--protocol", "lambada", "--json")).Json;
        Assert.Equal(2, last.GetProperty("tokens").GetInt64());
        Assert.InRange(last.GetProperty("accuracy").GetDouble(), 0, 1);
        Assert.False(last.TryGetProperty("perplexity", out _));
    }

    [Fact]
    public async Task Eval_chooses_answers_in_float_simulated_and_in_integers()
    {
        string questions = artifact.Folder.Write("questions.jsonl", """
            {"context": "Once upon a", "choices": ["time, there was a little girl", "girl a little was there, time"], "answer": 0}
            {"context": "Lily loved to play outside in the", "choices": ["eat", "park", "because"], "answer": 1}
            """);
        foreach (string[] model in (string[][])[[artifact.Path], [SharedData.DefaultModel], [SharedData.DefaultModel, "--simulate", "--recipe", "RoundToNearest", "--calibration", artifact.Text]])
        {
            CommandRun run = await CommandRun.Of(["eval", .. model, "--text", questions, "--protocol", "choice", "--json"]);
            Assert.True(run.ExitCode == 0, run.Out + run.Error);
            Assert.Equal(2, run.Json.GetProperty("questions").GetInt32());
            Assert.Equal(1, run.Json.GetProperty("accuracy").GetDouble());
            Assert.Equal(1, run.Json.GetProperty("normalizedAccuracy").GetDouble());
        }

        Assert.Contains("accuracy 1, per character 1, 1 questions", (await CommandRun.Of("eval", artifact.Path, "--text", questions, "--protocol", "choice", "--limit", "1")).Out, StringComparison.Ordinal);
        (await CommandRun.Of("eval", artifact.Path, "--text", artifact.Text, "--protocol", "choice", "--json")).IsError(2, "MQ1012");
    }

    [Fact]
    public async Task Bench_reports_the_promised_members()
    {
        JsonElement json = (await CommandRun.Of("bench", artifact.Path, "--prompt-tokens", "16", "--new-tokens", "8", "--repeats", "2", "--threads", "1", "--json")).Json;

        Assert.Equal(16, json.GetProperty("promptTokens").GetInt32());
        Assert.Equal(8, json.GetProperty("newTokens").GetInt32());
        Assert.Equal(1, json.GetProperty("threads").GetInt32());
        foreach (string rate in (string[])["prefillTokensPerSecond", "decodeTokensPerSecond", "loadSeconds", "residentBytes", "readBandwidthGBps", "bytesPerToken", "bandwidthShare", "peakMemoryBytes"])
        {
            Assert.True(json.GetProperty(rate).GetDouble() > 0, rate);
        }

        // Other tests of this process allocate meanwhile; that decoding itself does not is a test of the runtime.
        Assert.Equal(JsonValueKind.Number, json.GetProperty("allocatedBytesPerToken").ValueKind);
        Assert.NotEmpty(json.GetProperty("kernelPath").GetString()!);
    }

    [Fact]
    public async Task Bench_times_a_random_model_of_a_shape()
    {
        CommandRun run = await CommandRun.Of("bench", "--shape", "64x2x2x1x128x256", "--precision", "W4A8", "--prompt-tokens", "8", "--new-tokens", "4", "--repeats", "1", "--json");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal("W4A8", run.Json.GetProperty("precision").GetString());
        run = await CommandRun.Of("bench", "--shape", "96x2x2x1x160x256", "--precision", "W4B64A8", "--prompt-tokens", "8", "--new-tokens", "4", "--repeats", "1", "--json");
        Assert.Equal("W4B64A8", run.Json.GetProperty("precision").GetString());
        (await CommandRun.Of("bench", "--json")).IsError(2, "MQ1007");
        (await CommandRun.Of("bench", "--shape", "64y2", "--json")).IsError(2, "MQ1008");
    }

    [Fact]
    public async Task Mixed_widths_are_made_inspected_and_run()
    {
        string path = artifact.Folder["mixed.mq.safetensors"];
        string[] arguments = artifact.QuantizeArguments("--precision", "W4B64A8", "--override", "down=W8", "--override", "layers.1.attention.o=W4B32");
        arguments[3] = path;
        CommandRun made = await CommandRun.Of(arguments);
        Assert.True(made.ExitCode == 0, made.Error + made.Out);

        CommandRun inspected = await CommandRun.Of("inspect", path, "--json");
        JsonElement formats = inspected.Json.GetProperty("formats");
        Assert.Equal(6, formats.GetProperty("S8").GetProperty("down").GetInt32());
        Assert.Equal(1, formats.GetProperty("S4B32").GetProperty("o").GetInt32());
        Assert.Equal(5, formats.GetProperty("S4B64").GetProperty("o").GetInt32());
        Assert.Contains("S4B64 q, k, v, o in 5 of 6, gate, up", (await CommandRun.Of("inspect", path)).Out, StringComparison.Ordinal);
        Assert.StartsWith(", there was", (await CommandRun.Of("run", path, "--prompt", "Once upon a time", "--max-tokens", "8", "--temperature", "0", "--json")).Json.GetProperty("text").GetString(), StringComparison.Ordinal);

        (await CommandRun.Of(artifact.QuantizeArguments("--override", "sideways=W8"))).IsError(2, "MQ1015");
        (await CommandRun.Of(artifact.QuantizeArguments("--override", "layers.7.mlp.up=W4"))).IsError(2, "MQ1015");
        (await CommandRun.Of(artifact.QuantizeArguments("--precision", "W4B32A8", "--granularity", "tensor"))).IsError(2, "MQ1003");
    }

    [Fact]
    public async Task A_prompt_longer_than_the_context_is_one_error() =>
        (await CommandRun.Of("run", artifact.Path, "--prompt", string.Join(' ', Enumerable.Repeat("dog", 600)), "--json")).IsError(1, "MQ6011");

    [Fact]
    public async Task A_story_that_fills_the_context_says_so()
    {
        JsonElement json = (await CommandRun.Of("run", artifact.Path, "--prompt", string.Join(' ', Enumerable.Repeat("dog", 500)), "--max-tokens", "500", "--temperature", "0", "--json")).Json;

        Assert.Contains(json.GetProperty("stopReason").GetString(), (string[])["contextFull", "endOfText"]);
        Assert.InRange(json.GetProperty("newTokens").GetInt32(), 0, 13);
    }

    [Fact]
    public async Task Eval_of_a_text_shorter_than_a_window_and_of_a_missing_one_are_errors()
    {
        string text = artifact.Folder.Write("short.txt", "Too short.");
        (await CommandRun.Of("eval", artifact.Path, "--text", text, "--json")).IsError(1, "MQ3020");
        (await CommandRun.Of("eval", artifact.Path, "--text", artifact.Folder["none.txt"], "--json")).IsError(2, "MQ1009");
        (await CommandRun.Of("eval", artifact.Path, "--text", text, "--simulate", "--json")).IsError(2, "MQ1011");
        (await CommandRun.Of("eval", artifact.Path, "--text", text, "--protocol", "lambada", "--json")).IsError(2, "MQ1012");
        (await CommandRun.Of("eval", artifact.Path, "--text", text, "--window", "100000", "--json")).IsError(1, "MQ3021");
    }

    [Fact]
    public async Task A_flipped_bit_is_found_and_another_format_version_refused()
    {
        byte[] bytes = await File.ReadAllBytesAsync(artifact.Path);
        bytes[^100_000] ^= 1;
        string flipped = artifact.Folder["flipped.mq.safetensors"];
        await File.WriteAllBytesAsync(flipped, bytes);
        (await CommandRun.Of("inspect", flipped, "--verify", "--json")).IsError(1, "MQ6003");

        string header = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(artifact.Path));
        string other = artifact.Folder["other-format.mq.safetensors"];
        await File.WriteAllBytesAsync(other, Encoding.Latin1.GetBytes(header.Replace("\\\"formatVersion\\\":1", "\\\"formatVersion\\\":9", StringComparison.Ordinal)));
        (await CommandRun.Of("run", other, "--prompt", "Once", "--json")).IsError(1, "MQ6001");
        (await CommandRun.Of("run", Path.Combine(SharedData.DefaultModel, "model.safetensors"), "--prompt", "Once", "--json")).IsError(1, "MQ6000");
    }
}
