using MobileQuant.Caching;
using MobileQuant.Caching.Remote;

namespace MobileQuant.Tool.Output;

/// <summary>What <c>cache ls --json</c> prints.</summary>
internal sealed record CacheList(string Directory, long LimitBytes, long Bytes, IReadOnlyList<CacheEntry> Entries);

/// <summary>An entry of the store; settings by name, files left out.</summary>
internal sealed record CacheEntry(string Key, string Source, long Bytes, DateTimeOffset Created, DateTimeOffset LastUsed, IReadOnlyDictionary<string, string> Settings)
{
    public static CacheEntry From(StoreEntry entry) => new(
        entry.Key,
        entry.Source,
        entry.Bytes,
        entry.Created,
        entry.LastUsed,
        entry.Fingerprint.Where(e => !e.Name.Contains('/', StringComparison.Ordinal)).ToDictionary(e => e.Name, e => e.Text, StringComparer.Ordinal));
}

/// <summary>What <c>cache verify --json</c> prints; <paramref name="Damaged"/> has the keys of the corrupt ones.</summary>
internal sealed record CacheVerification(int Checked, int Corrupt, IReadOnlyList<string> Damaged);

/// <summary>What <c>cache push --json</c> prints; <paramref name="Keys"/> has those that were published, <paramref name="Damaged"/> those of the corrupt ones.</summary>
internal sealed record CachePush(string Remote, int Checked, int Published, int Present, int Corrupt, long Bytes, IReadOnlyList<string> Keys, IReadOnlyList<string> Damaged)
{
    public static CachePush From(StorePushResult result, string remote) => new(
        remote,
        result.Published.Count + result.Present.Count + result.Damaged.Count,
        result.Published.Count,
        result.Present.Count,
        result.Damaged.Count,
        result.Bytes,
        result.Published,
        result.Damaged);
}

/// <summary>What <c>cache stats --json</c> prints.</summary>
internal sealed record CacheStatistics(int Entries, long Bytes, long Hits, long RemoteHits, long Misses, int Quarantined, string Directory);

/// <summary>What <c>cache gc --json</c> and <c>cache clear --json</c> print.</summary>
internal sealed record CacheCollection(int Entries, long Bytes);
