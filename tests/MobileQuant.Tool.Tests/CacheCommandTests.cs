using System.Text.Json;

namespace MobileQuant.Tool.Tests;

public sealed class CacheCommandTests : IDisposable
{
    private readonly PrimedStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Ls_and_explain_show_what_was_stored()
    {
        await _store.FillAsync();

        JsonElement list = (await Run("ls", "--json")).Json;
        JsonElement entry = Assert.Single(list.GetProperty("entries").EnumerateArray());
        Assert.Equal(_store.Key, entry.GetProperty("key").GetString());
        Assert.Equal("W8A8", entry.GetProperty("settings").GetProperty("precision").GetString());
        Assert.Equal(entry.GetProperty("bytes").GetInt64(), list.GetProperty("bytes").GetInt64());

        CommandRun explained = await Run("explain", _store.Key[..8]);
        Assert.Equal(0, explained.ExitCode);
        Assert.Contains("checkpoint/model.safetensors", explained.Out, StringComparison.Ordinal);
        (await Run("explain", "ffff", "--json")).IsError(1, "MQ4006");
    }

    [Fact]
    public async Task Verify_fails_once_for_a_damaged_entry_and_clear_empties()
    {
        await _store.FillAsync();
        Assert.Equal(0, (await Run("verify")).ExitCode);
        File.AppendAllText(Assert.Single(Directory.GetFiles(_store.Store, "*.mq.safetensors", SearchOption.AllDirectories)), "x");

        CommandRun damaged = await Run("verify", "--json");
        Assert.Equal(1, damaged.ExitCode);
        Assert.Equal(_store.Key, Assert.Single(damaged.Json.GetProperty("damaged").EnumerateArray()).GetString());
        Assert.Equal(0, (await Run("verify")).ExitCode);

        await _store.FillAsync();
        Assert.Equal(1, (await Run("clear", "--json")).Json.GetProperty("entries").GetInt32());
        Assert.Empty((await Run("ls", "--json")).Json.GetProperty("entries").EnumerateArray());
    }

    [Fact]
    public async Task Gc_keeps_what_fits()
    {
        await _store.FillAsync();

        Assert.Equal(0, (await Run("gc", "--limit", "1", "--json")).Json.GetProperty("entries").GetInt32());
        Assert.Equal(1, (await Run("gc", "--limit", "0", "--json")).Json.GetProperty("entries").GetInt32());
        (await Run("gc", "--limit", "-1", "--json")).IsError(2, "MQ1003");
    }

    private Task<CommandRun> Run(params string[] args) => CommandRun.Of(["cache", .. args, "--cache-directory", _store.Store]);
}
