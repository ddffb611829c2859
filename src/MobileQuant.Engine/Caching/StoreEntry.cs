using System.Text.Json.Serialization;

namespace MobileQuant.Caching;

/// <summary>What the store knows about one stored artifact; kept as <c>entry.json</c> beside it.</summary>
public sealed record StoreEntry
{
    /// <summary>The layout of this record; an entry of another version is not served.</summary>
    public const int CurrentVersion = 1;

    /// <summary>See <see cref="CurrentVersion"/>.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The content key, 64 hex digits.</summary>
    public required string Key { get; init; }

    /// <summary>The checkpoint that it was made of; for people and for explaining misses, never part of the key.</summary>
    public required string Source { get; init; }

    /// <summary>Size of the artifact.</summary>
    public required long Bytes { get; init; }

    /// <summary>Digest of the artifact, checked whenever it is served.</summary>
    public required string Sha256 { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>How long making it took, seconds.</summary>
    public double Seconds { get; init; }

    /// <summary>The entries of its fingerprint.</summary>
    public required IReadOnlyList<FingerprintEntry> Fingerprint { get; init; }

    /// <summary>When it was last served or made; kept as the file time of <c>entry.json</c>.</summary>
    [JsonIgnore]
    public DateTimeOffset LastUsed { get; init; }
}
