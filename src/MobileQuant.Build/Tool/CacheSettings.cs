namespace MobileQuant.Build.Tool;

/// <summary>Where a model may come from: settings of a build, none of which decides what the model is.</summary>
internal sealed class CacheSettings
{
    /// <summary>The store; empty: the user's default.</summary>
    public string Directory { get; set; } = string.Empty;

    /// <summary>False: the store is neither read nor written.</summary>
    public bool UseCache { get; set; } = true;

    /// <summary>True: quantize even when the store has the result.</summary>
    public bool Force { get; set; }

    /// <summary>What machines share: an address or a folder; empty: what the environment names.</summary>
    public string Remote { get; set; } = string.Empty;

    /// <summary>True: nothing is published there.</summary>
    public bool RemoteReadOnly { get; set; }

    /// <summary>True: a model that would have to be made is an error.</summary>
    public bool RequireCached { get; set; }

    /// <summary>True: the network is not used.</summary>
    public bool Offline { get; set; }

    /// <summary>Whether an address holds a password, which build logs and response files would show.</summary>
    public static bool HoldsPassword(string address)
    {
        int start = address.IndexOf("://", StringComparison.Ordinal) + 3;
        int end = address.LastIndexOf('@');
        return start > 2 && end > start && address.IndexOf(':', start, end - start) >= 0 && !address.StartsWith("file:", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The arguments of <c>mobilequant quantize</c>; relative folders start at <paramref name="baseDirectory"/>.</summary>
    public IEnumerable<string> ToArguments(string baseDirectory)
    {
        if (Directory.Length > 0)
        {
            yield return "--cache-directory";
            yield return Path.GetFullPath(Path.Combine(baseDirectory, Directory));
        }

        if (Remote.Length > 0)
        {
            yield return "--remote-cache";
            yield return Remote.Contains("://") ? Remote : Path.GetFullPath(Path.Combine(baseDirectory, Remote));
        }

        foreach ((bool isSet, string option) in new[]
        {
            (Force, "--force"), (!UseCache, "--no-cache"), (RemoteReadOnly, "--remote-cache-read-only"), (RequireCached, "--require-cached"), (Offline, "--offline"),
        })
        {
            if (isSet)
            {
                yield return option;
            }
        }
    }
}
