using System.Text.Json;

namespace MobileQuant.Tool.Tests;

public sealed class CacheCommandTests : IDisposable
{
    private readonly PrimedStore _store = new();

    private string Shared => _store.Folder["shared"];

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
        Assert.Equal(explained.Out, (await Run("explain", _store.Folder["my model"])).Out);
        Assert.Equal(explained.Out, (await Run("explain", Path.GetFileName(_store.Folder["my model"]).ToUpperInvariant())).Out);
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
        Assert.Equal(1, damaged.Json.GetProperty("checked").GetInt32());
        Assert.Equal(1, damaged.Json.GetProperty("corrupt").GetInt32());
        Assert.Equal(_store.Key, Assert.Single(damaged.Json.GetProperty("damaged").EnumerateArray()).GetString());
        CommandRun whole = await Run("verify", "--json");
        Assert.Equal(0, whole.ExitCode);
        Assert.Equal((0, 0), (whole.Json.GetProperty("checked").GetInt32(), whole.Json.GetProperty("corrupt").GetInt32()));

        await _store.FillAsync();
        Assert.Equal(1, (await Run("clear", "--json")).Json.GetProperty("entries").GetInt32());
        Assert.Empty((await Run("ls", "--json")).Json.GetProperty("entries").EnumerateArray());
    }

    [Fact]
    public async Task Stats_count_what_happened_and_what_lies_there()
    {
        CommandRun empty = await Run("stats", "--json");
        Assert.Equal(0, empty.ExitCode);
        Assert.Equal(["entries", "bytes", "hits", "remoteHits", "misses", "quarantined", "directory"], empty.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal("0 0 0 0 0 0", await StatisticsAsync());
        Assert.Equal(_store.Store, empty.Json.GetProperty("directory").GetString());

        long bytes = (await _store.FillAsync()).Bytes;
        await CommandRun.Of(_store.Arguments("--json"));
        await CommandRun.Of(_store.Arguments("--json"));
        Assert.Equal($"1 {bytes} 2 0 1 0", await StatisticsAsync());

        File.AppendAllText(Assert.Single(Directory.GetFiles(_store.Store, "*.mq.safetensors", SearchOption.AllDirectories)), "x");
        await Run("verify");
        Assert.Equal("0 0 2 0 1 1", await StatisticsAsync());
        string text = (await Run("stats")).Out;
        Assert.Contains("2 times from the store, 0 times from the remote cache, 1 times in neither", text, StringComparison.Ordinal);
        Assert.Contains("1 damaged entries put aside", text, StringComparison.Ordinal);

        await Run("clear");
        Assert.Equal("0 0 2 0 1 0", await StatisticsAsync());
    }

    [Fact]
    public async Task Push_publishes_what_the_remote_cache_lacks_once()
    {
        long bytes = (await _store.FillAsync()).Bytes;

        CommandRun pushed = await Run("push", "--json", "--remote-cache", Shared);
        Assert.True(pushed.ExitCode == 0, pushed.Out + pushed.Error);
        Assert.Equal(["remote", "checked", "published", "present", "corrupt", "bytes", "keys", "damaged"], pushed.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal($"1 1 0 0 {bytes}", Pushed(pushed));
        Assert.Equal(_store.Key, Assert.Single(pushed.Json.GetProperty("keys").EnumerateArray()).GetString());
        Assert.Equal(Shared, pushed.Json.GetProperty("remote").GetString());
        Assert.Equal("1 0 1 0 0", Pushed(await Run("push", _store.Key[..8], "--json", "--verify", "--remote-cache", new Uri(Shared).AbsoluteUri)));

        // Another machine needs nothing else.
        CommandRun taken = await CommandRun.Of([.. _store.Arguments("--json", "--require-cached", "--remote-cache", Shared).Select(argument => argument == _store.Store ? _store.Folder["other store"] : argument)]);
        Assert.Equal("remote", taken.Json.GetProperty("from").GetString());
        string text = (await Run("push", "--remote-cache", Shared)).Out;
        Assert.Contains($"0 published (0 B), 1 there already, 0 damaged and put aside; remote cache {Shared}", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_fails_for_damage_for_keys_that_are_none_and_where_the_remote_cache_does()
    {
        (await Run("push", "--json")).IsError(2, "MQ1001");
        (await Run("push", "--json", "--remote-cache", "shared")).IsError(2, "MQ4012");
        Assert.Equal("0 0 0 0 0", Pushed(await Run("push", "--json", "--remote-cache", Shared)));
        await _store.FillAsync();
        (await Run("push", "ffff", "--json", "--remote-cache", Shared)).IsError(1, "MQ4006");
        (await Run("push", "--json", "--remote-cache", Path.Combine(_store.Folder.Write("a file", ""), "shared"))).IsError(1, "MQ4010");
        Assert.Empty(_store.Folder.Files("shared"));

        File.AppendAllText(Assert.Single(Directory.GetFiles(_store.Store, "*.mq.safetensors", SearchOption.AllDirectories)), "x");
        CommandRun damaged = await Run("push", "--json", "--remote-cache", Shared);
        Assert.Equal(1, damaged.ExitCode);
        Assert.Equal("1 0 0 1 0", Pushed(damaged));
        Assert.Equal(_store.Key, Assert.Single(damaged.Json.GetProperty("damaged").EnumerateArray()).GetString());
        Assert.Empty(_store.Folder.Files("shared"));
    }

    [Fact]
    public async Task Gc_keeps_what_fits()
    {
        await _store.FillAsync();

        Assert.Equal(0, (await Run("gc", "--limit", "1", "--json")).Json.GetProperty("entries").GetInt32());
        Assert.Equal(1, (await Run("gc", "--limit", "0", "--json")).Json.GetProperty("entries").GetInt32());
        (await Run("gc", "--limit", "-1", "--json")).IsError(2, "MQ1003");
    }

    private static string Pushed(CommandRun run) =>
        string.Join(' ', ((string[])["checked", "published", "present", "corrupt", "bytes"]).Select(name => run.Json.GetProperty(name).GetInt64()));

    private async Task<string> StatisticsAsync()
    {
        JsonElement counts = (await Run("stats", "--json")).Json;
        return string.Join(' ', ((string[])["entries", "bytes", "hits", "remoteHits", "misses", "quarantined"]).Select(name => counts.GetProperty(name).GetInt64()));
    }

    private Task<CommandRun> Run(params string[] args) => CommandRun.Of(["cache", .. args, "--cache-directory", _store.Store]);
}
