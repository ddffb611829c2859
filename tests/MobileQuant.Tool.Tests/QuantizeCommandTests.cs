using System.Text.Json;

namespace MobileQuant.Tool.Tests;

public sealed class QuantizeCommandTests : IDisposable
{
    private readonly PrimedStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Json_prints_the_promised_members_and_nothing_else()
    {
        await _store.FillAsync();

        CommandRun run = await CommandRun.Of(_store.Arguments("--json"));

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            ["output", "bytes", "seconds", "peakMemoryBytes", "cache", "from", "fingerprint", "reason", "recipeSettings", "findings"],
            run.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal(_store.Output, run.Json.GetProperty("output").GetString());
        Assert.Equal(new FileInfo(_store.Output).Length, run.Json.GetProperty("bytes").GetInt64());
        Assert.Equal("hit", run.Json.GetProperty("cache").GetString());
        Assert.Equal("store", run.Json.GetProperty("from").GetString());
        Assert.Equal(_store.Key, run.Json.GetProperty("fingerprint").GetString());
        Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("reason").ValueKind);
        Assert.True(run.Json.GetProperty("peakMemoryBytes").GetInt64() > 1_000_000);
    }

    [Fact]
    public async Task Events_are_json_lines_that_end_with_the_result()
    {
        await _store.FillAsync();

        CommandRun run = await CommandRun.Of(_store.Arguments("--events"));

        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Error);
        JsonElement[] lines = run.Lines;
        Assert.Contains(lines, line => line.GetProperty("event").GetString() == "progress" && line.GetProperty("step").GetString() == "fingerprint");
        Assert.Equal(
            _store.Fingerprint.Entries.Select(entry => $"{entry.Name} {entry.Sha256} {entry.Text}"),
            lines.Where(line => line.GetProperty("event").GetString() == "fingerprint")
                .Select(line => $"{line.GetProperty("name").GetString()} {line.GetProperty("sha256").GetString()} {line.GetProperty("text").GetString()}"));
        JsonElement result = lines[^1];
        Assert.Equal("result", result.GetProperty("event").GetString());
        Assert.Equal("hit", result.GetProperty("cache").GetString());
        Assert.Equal("store", result.GetProperty("from").GetString());
        Assert.Equal(_store.Key, result.GetProperty("fingerprint").GetString());
    }

    [Fact]
    public async Task A_response_file_holds_one_argument_a_line_spaces_included()
    {
        await _store.FillAsync();
        string response = _store.Folder.Write("my arguments.rsp", string.Join('\n', _store.Arguments("--json").Skip(1)) + "\n");

        CommandRun run = await CommandRun.Of("quantize", "@" + response);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal("hit", run.Json.GetProperty("cache").GetString());
        Assert.True(File.Exists(_store.Output));
    }

    [Fact]
    public async Task A_missing_response_file_is_a_usage_error() =>
        (await CommandRun.Of("quantize", "@" + _store.Folder["none.rsp"], "--json")).IsError(2, "MQ1001");

    [Theory]
    [InlineData("MQ1002", 2, "--precision", "W2A2")]
    [InlineData("MQ1003", 2, "--activations", "dynamic")]
    [InlineData("MQ1003", 2, "--weights", "odd")]
    [InlineData("MQ1003", 2, "--granularity", "row")]
    [InlineData("MQ1003", 2, "--threads", "-1")]
    [InlineData("MQ1004", 2, "--alpha", "2")]
    [InlineData("MQ1006", 2, "--calibration", "nowhere/*.txt")]
    [InlineData("MQ1001", 2, "--alpha", "much")]
    [InlineData("MQ1001", 2, "--no-such-option", "x")]
    [InlineData("MQ3001", 1, "--recipe", "Magic")]
    public async Task An_option_that_makes_no_sense_is_one_error_and_leaves_nothing(string code, int exitCode, string option, string value)
    {
        (await CommandRun.Of(_store.Arguments("--json", option, value))).IsError(exitCode, code);
        Assert.False(Directory.Exists(_store.Folder["out dir"]));
    }

    [Fact]
    public async Task An_error_under_events_is_an_event()
    {
        CommandRun run = await CommandRun.Of(_store.Arguments("--events", "--precision", "W2A2"));

        Assert.Equal(2, run.ExitCode);
        JsonElement line = Assert.Single(run.Lines);
        Assert.Equal("error", line.GetProperty("event").GetString());
        Assert.Equal("MQ1002", line.GetProperty("code").GetString());
        Assert.NotEmpty(line.GetProperty("remedy").GetString()!);
    }

    [Fact]
    public async Task An_error_for_people_goes_to_standard_error()
    {
        CommandRun run = await CommandRun.Of("quantize", _store.Folder["nowhere"], "-o", _store.Output, "--no-cache");

        Assert.Equal(1, run.ExitCode);
        Assert.Empty(run.Out);
        Assert.StartsWith("error MQ2001: ", run.Error, StringComparison.Ordinal);
    }
}
