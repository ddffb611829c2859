using System.CommandLine;
using MobileQuant.Caching;
using MobileQuant.Caching.Remote;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant cache</c>: what the store holds, why, whether it is whole, and room for more.</summary>
internal sealed class CacheCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant cache ls
          mobilequant cache stats --json
          mobilequant cache explain bin/Debug/net10.0/models/TinyLlama.mq.safetensors
          mobilequant cache explain TinyLlama
          mobilequant cache explain 3f9c2a
          mobilequant cache verify
          mobilequant cache push --remote-cache redis://cache.example:6379/0
          mobilequant cache gc --limit 5
          mobilequant cache clear
        """;

    private readonly Option<string?> _directory = CommonOptions.CacheDirectory();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Argument<string> _item = new("item") { Description = "An artifact, a content key or its beginning, or a checkpoint by path or name; of several entries the last used." };
    private readonly Argument<string[]> _keys = new("key") { Description = "Content keys, or their beginnings; none: all entries.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string?> _remote = CacheOptions.Remote("Where to publish");
    private readonly Option<bool> _verify = new("--verify") { Description = "Also read what is there already, and replace what is damaged or incomplete." };
    private readonly Option<double?> _limit = new("--limit") { Description = "What entries may take, in gigabytes; default: MOBILEQUANT_CACHE_LIMIT_GB, else 20.", HelpName = "GB" };
    private readonly ToolConsole _console;

    private CacheCommand(ToolConsole console)
    {
        _console = console;
        _directory.Recursive = true;
        _json.Recursive = true;
    }

    public static Command Create(ToolConsole console)
    {
        CacheCommand self = new(console);
        return new("cache", "Looks after the store of quantized models.")
        {
            self._directory,
            self._json,
            Subcommand("ls", "Lists the entries, most recently used first.", self.List),
            Subcommand("stats", "Counts the entries, and how often the store and the remote cache had what was asked for.", self.Statistics),
            Subcommand("explain", "Shows everything that went into an entry's key.", self.Explain, self._item),
            Subcommand("verify", "Compares every entry with its digest and puts damaged ones aside; damage is a failure.", self.Verify),
            Subcommand("push", "Publishes entries that a remote cache lacks; damaged ones are put aside and are a failure.", self.Push, self._keys, self._remote, self._verify),
            Subcommand("gc", "Deletes least recently used entries above the limit, and what was put aside.", self.Collect, self._limit),
            Subcommand("clear", "Deletes all entries.", self.Clear),
        };
    }

    private static Command Subcommand(string name, string description, Func<ParseResult, CancellationToken, int> run, params Symbol[] symbols)
    {
        Command command = new(name, description);
        foreach (Symbol symbol in symbols)
        {
            switch (symbol)
            {
                case Argument argument:
                    command.Add(argument);
                    break;
                case Option option:
                    command.Add(option);
                    break;
            }
        }

        command.SetAction((parsed, token) => Task.Run(() => run(parsed, token), token));
        return command;
    }

    private ContentStore Open(ParseResult parsed) => ContentStore.Open(parsed.GetValue(_directory));

    private int List(ParseResult parsed, CancellationToken cancellationToken)
    {
        ContentStore store = Open(parsed);
        CacheEntry[] entries = [.. store.List().Select(CacheEntry.From)];
        if (parsed.GetValue(_json))
        {
            _console.Out.WriteLine(ToolJson.Text(new CacheList(store.Location, store.LimitBytes, entries.Sum(e => e.Bytes), entries), ToolJson.Indented.CacheList));
            return ExitCodes.Good;
        }

        foreach (CacheEntry entry in entries)
        {
            _console.Out.WriteLine($"{entry.Key[..12]}  {Units.Bytes(entry.Bytes),9}  {entry.LastUsed:yyyy-MM-dd HH:mm}  {entry.Settings["precision"]} {entry.Settings["recipe"]}  {entry.Source}");
        }

        _console.Out.WriteLine($"{entries.Length} entries, {Units.Bytes(entries.Sum(e => e.Bytes))} of {Units.Bytes(store.LimitBytes)}, in {store.Location}");
        return ExitCodes.Good;
    }

    private int Statistics(ParseResult parsed, CancellationToken cancellationToken)
    {
        ContentStore store = Open(parsed);
        IReadOnlyList<StoreEntry> entries = store.List();
        StoreCounts counts = store.ReadCounts();
        CacheStatistics result = new(entries.Count, entries.Sum(entry => entry.Bytes), counts.Hits, counts.RemoteHits, counts.Misses, store.CountQuarantined(), store.Location);
        if (parsed.GetValue(_json))
        {
            _console.Out.WriteLine(ToolJson.Text(result, ToolJson.Indented.CacheStatistics));
            return ExitCodes.Good;
        }

        _console.Out.WriteLine($"{result.Entries} entries, {Units.Bytes(result.Bytes)} of {Units.Bytes(store.LimitBytes)}, in {result.Directory}");
        _console.Out.WriteLine($"{result.Hits} times from the store, {result.RemoteHits} times from the remote cache, {result.Misses} times in neither");
        _console.Out.WriteLine($"{result.Quarantined} damaged entries put aside");
        return ExitCodes.Good;
    }

    private int Explain(ParseResult parsed, CancellationToken cancellationToken)
    {
        IReadOnlyList<StoreEntry> entries = new StoredEntries(Open(parsed).List()).ByItem(parsed.GetRequiredValue(_item));
        StoreEntry found = entries[0];
        if (parsed.GetValue(_json))
        {
            _console.Out.WriteLine(ToolJson.Text(found, ToolJson.Indented.StoreEntry));
            return ExitCodes.Good;
        }

        _console.Out.WriteLine($"{found.Key}: {Units.Bytes(found.Bytes)}, made in {found.Seconds} s of {found.Source}");
        foreach (FingerprintEntry entry in found.Fingerprint)
        {
            _console.Out.WriteLine($"  {entry.Name,-36} {entry.Sha256[..12]}  {entry.Text}");
        }

        if (entries.Count > 1)
        {
            _console.Out.WriteLine($"used before it: {string.Join(", ", entries.Skip(1).Select(entry => entry.Key[..12]))}");
        }

        return ExitCodes.Good;
    }

    private int Verify(ParseResult parsed, CancellationToken cancellationToken)
    {
        (int whole, IReadOnlyList<string> damaged) result;
        using (ConsoleProgress progress = new(_console))
        {
            result = Open(parsed).Verify(progress, cancellationToken);
        }

        if (parsed.GetValue(_json))
        {
            _console.Out.WriteLine(ToolJson.Text(new CacheVerification(result.whole + result.damaged.Count, result.damaged.Count, result.damaged), ToolJson.Indented.CacheVerification));
        }
        else
        {
            _console.Out.WriteLine($"{result.whole} whole, {result.damaged.Count} damaged and put aside");
        }

        return result.damaged.Count == 0 ? ExitCodes.Good : ExitCodes.Failure;
    }

    private int Push(ParseResult parsed, CancellationToken cancellationToken)
    {
        TimeSpan timeout = RemoteLocation.ResolveTimeout(Environment.GetEnvironmentVariable, new RemoteTimings().Operation);
        IRemoteStore remote = RemoteLocation.Open(parsed.GetValue(_remote), Environment.GetEnvironmentVariable, timeout) ?? throw new MobileQuantException(
            "MQ1001", "No remote cache is named.", $"Name it with --remote-cache, or as {RemoteLocation.AddressVariable}.");
        using IDisposable? connection = remote as IDisposable;
        ContentStore store = Open(parsed);
        IReadOnlyList<StoreEntry> entries = store.List();
        string[] keys = parsed.GetValue(_keys) ?? [];
        StoreEntry[] chosen = keys.Length == 0 ? [.. entries] : [.. keys.Select(new StoredEntries(entries).ByKey).Distinct()];
        StorePushResult pushed;
        using (ConsoleProgress progress = new(_console))
        {
            pushed = new StorePush(store, remote, timeout, progress).Run(chosen, parsed.GetValue(_verify), cancellationToken);
        }

        CachePush result = CachePush.From(pushed, remote.Name);
        _console.Out.WriteLine(parsed.GetValue(_json)
            ? ToolJson.Text(result, ToolJson.Indented.CachePush)
            : $"{result.Published} published ({Units.Bytes(result.Bytes)}), {result.Present} there already, {result.Corrupt} damaged and put aside; remote cache {result.Remote}");
        return result.Corrupt == 0 ? ExitCodes.Good : ExitCodes.Failure;
    }

    private int Collect(ParseResult parsed, CancellationToken cancellationToken)
    {
        ContentStore store = Open(parsed);
        double? limit = parsed.GetValue(_limit);
        return limit is null or (>= 0 and < 1e9)
            ? Report(parsed, store.Collect(limit is { } gigabytes ? (long)(gigabytes * 1e9) : store.LimitBytes))
            : throw new MobileQuantException("MQ1003", FormattableString.Invariant($"--limit is {limit}; expected gigabytes, 0 or more."), "Use for example --limit 5.");
    }

    private int Clear(ParseResult parsed, CancellationToken cancellationToken) => Report(parsed, Open(parsed).Collect(0));

    private int Report(ParseResult parsed, (int Entries, long Bytes) deleted)
    {
        _console.Out.WriteLine(parsed.GetValue(_json)
            ? ToolJson.Text(new CacheCollection(deleted.Entries, deleted.Bytes), ToolJson.Indented.CacheCollection)
            : $"{deleted.Entries} entries deleted, {Units.Bytes(deleted.Bytes)} freed");
        return ExitCodes.Good;
    }
}
