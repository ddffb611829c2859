using System.Text.Json;
using MobileQuant.Caching;
using MobileQuant.Tests;
using MobileQuant.Tests.Caching;

namespace MobileQuant.Tool.Tests;

/// <summary>The options of the remote cache, and what they do to results, errors and what is told.</summary>
public sealed class RemoteCacheTests : IDisposable
{
    private const string Secret = "hush-hush";

    private readonly PrimedStore _store = new();

    private string Shared => _store.Folder["shared"];

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task A_result_of_another_machine_says_where_it_is_from_and_is_counted()
    {
        await PublishAsync();

        CommandRun fetched = await CommandRun.Of(_store.Arguments("--json", "--remote-cache", Shared, "--require-cached", "--offline", "--remote-cache-read-only"));
        CommandRun stored = await CommandRun.Of(_store.Arguments("--events", "--remote-cache", Shared));

        Assert.True(fetched.ExitCode == 0, fetched.Out + fetched.Error);
        Assert.Equal("remote", fetched.Json.GetProperty("from").GetString());
        Assert.Equal("hit", fetched.Json.GetProperty("cache").GetString());
        Assert.Equal(_store.Key, fetched.Json.GetProperty("fingerprint").GetString());
        Assert.Equal("store", stored.Lines[^1].GetProperty("from").GetString());
        JsonElement counts = (await CommandRun.Of("cache", "stats", "--json", "--cache-directory", _store.Store)).Json;
        Assert.Equal((1, 1, 0), (counts.GetProperty("hits").GetInt32(), counts.GetProperty("remoteHits").GetInt32(), counts.GetProperty("misses").GetInt32()));
    }

    [Fact]
    public async Task For_people_it_is_from_the_remote_cache()
    {
        await PublishAsync();
        CommandRun run = await CommandRun.Of(_store.Arguments("--remote-cache", new Uri(Shared).AbsoluteUri));
        Assert.Contains($"from the remote cache, key {_store.Key[..12]}", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_must_be_cached_and_is_not_fails_with_the_reason()
    {
        CommandRun run = await CommandRun.Of(_store.Arguments("--json", "--require-cached", "--remote-cache", Shared));
        run.IsError(1, "MQ4014");
        string message = run.Json.GetProperty("error").GetProperty("message").GetString()!;
        Assert.Contains("no earlier result for this model", message, StringComparison.Ordinal);
        Assert.Contains(Shared, message, StringComparison.Ordinal);
        Assert.False(File.Exists(_store.Output));
    }

    [Theory]
    [InlineData("MQ4012", "shared")]
    [InlineData("MQ4012", "https://cache.example")]
    [InlineData("MQ4013", "redis://:hush-hush@cache.example:6379/0")]
    public async Task An_address_that_makes_no_sense_is_a_usage_error(string code, string address)
    {
        CommandRun run = await CommandRun.Of(_store.Arguments("--json", "--remote-cache", address));
        run.IsError(2, code);
        Assert.DoesNotContain(Secret, run.Out + run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MOBILEQUANT_REMOTE_CACHE", "redis://:hush-hush@127.0.0.1:1/0", null)]
    [InlineData("MOBILEQUANT_REMOTE_CACHE_PASSWORD", "hush-hush", "redis://127.0.0.1:1/0")]
    public void A_secret_of_the_environment_is_told_nowhere(string variable, string value, string? address)
    {
        // A server that is down, so that what a failure tells is seen too.
        Dictionary<string, string> variables = new() { [variable] = value };
        string[] arguments = _store.Arguments(["--events", "--require-cached", .. address is null ? (string[])[] : ["--remote-cache", address]]);
        using ToolProcess tool = new(AppContext.BaseDirectory, variables, arguments);
        string output = tool.ReadToEnd();

        Assert.True(tool.WaitForExit(TimeSpan.FromSeconds(60)));
        Assert.Equal(ExitCodes.Failure, tool.ExitCode);
        Assert.Contains("MQ4010", output, StringComparison.Ordinal);
        Assert.Contains("MQ4014", output, StringComparison.Ordinal);
        Assert.Contains("redis://127.0.0.1:1/0", output, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, output, StringComparison.Ordinal);
        Assert.DoesNotContain(_store.Folder.Files(), file => File.ReadAllText(_store.Folder[file]).Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public void Offline_libtorch_is_not_fetched()
    {
        Dictionary<string, string> variables = new()
        {
            ["NUGET_PACKAGES"] = _store.Folder["no packages"],
            ["MOBILEQUANT_DATA_DIRECTORY"] = _store.Folder["no data"],
        };
        using ToolProcess tool = new(
            AppContext.BaseDirectory, variables, "quantize", SharedData.DefaultModel, "-o", _store.Output, "--cache-directory", _store.Store, "--events", "--offline");

        Assert.True(tool.ReadTo("MQ4015"));
        Assert.True(tool.WaitForExit(TimeSpan.FromSeconds(30)));
        Assert.Equal(ExitCodes.Failure, tool.ExitCode);
        Assert.Empty(_store.Folder.Files("no data"));
    }

    private Task<QuantizationResult> PublishAsync() => new QuantizationJob(new StandInProducer()).ExecuteAsync(
        _store.Request with { CacheDirectory = _store.Folder["another store"], RemoteCache = Shared }, null, default);
}
