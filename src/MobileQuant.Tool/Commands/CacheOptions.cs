using System.CommandLine;

namespace MobileQuant.Tool.Commands;

/// <summary>The options that say where a result may come from; none of them decides what it is.</summary>
internal sealed class CacheOptions
{
    private readonly Option<string?> _directory = CommonOptions.CacheDirectory();
    private readonly Option<bool> _noCache = new("--no-cache") { Description = "Neither read nor write the store, nor a remote cache." };
    private readonly Option<bool> _force = new("--force") { Description = "Quantize even when the store has the result." };
    private readonly Option<string?> _remote = Remote("What machines share, asked when the store has nothing");
    private readonly Option<bool> _readOnly = new("--remote-cache-read-only") { Description = "Publish nothing in the remote cache." };
    private readonly Option<bool> _required = new("--require-cached") { Description = "Fail where the result would have to be made." };
    private readonly Option<bool> _offline = new("--offline") { Description = "Use no network: ask no remote cache and no package source but folders, and do not fetch libtorch." };

    /// <summary>The option that names a remote cache.</summary>
    /// <param name="purpose">How the description begins.</param>
    public static Option<string?> Remote(string purpose) => new("--remote-cache")
    {
        Description = purpose + ": redis://host:port/database, rediss://, file:///folder or an absolute path; default: MOBILEQUANT_REMOTE_CACHE. A password only in the environment.",
        HelpName = "address",
    };

    /// <summary>Adds all of them.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_directory, _noCache, _force, _remote, _readOnly, _required, _offline])
        {
            command.Add(option);
        }
    }

    /// <summary>Reads them into a request.</summary>
    public QuantizationRequest Read(ParseResult parsed, QuantizationRequest request) => request with
    {
        CacheDirectory = parsed.GetValue(_directory),
        UseCache = !parsed.GetValue(_noCache),
        Force = parsed.GetValue(_force),
        RemoteCache = parsed.GetValue(_remote),
        RemoteCacheReadOnly = parsed.GetValue(_readOnly),
        RequireCached = parsed.GetValue(_required),
        Offline = parsed.GetValue(_offline),
    };
}
