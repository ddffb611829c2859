namespace MobileQuant.Packages;

/// <summary>Where packages may come from.</summary>
internal sealed record RestoreOptions
{
    /// <summary>The folder whose NuGet settings count, and where relative sources start.</summary>
    public required string BaseDirectory { get; init; }

    /// <summary>Only these sources: names, addresses or folders; empty: those of the settings.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>No network: what is there already, and folders.</summary>
    public bool Offline { get; init; }

    /// <summary>Where packages are kept; null: the global packages folder.</summary>
    public string? PackagesFolder { get; init; }

    /// <summary>Fetch it again even when it is there.</summary>
    public bool Force { get; init; }
}
