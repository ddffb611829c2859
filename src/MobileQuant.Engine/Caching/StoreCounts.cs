namespace MobileQuant.Caching;

/// <summary>How often a store was asked, and with what success.</summary>
/// <param name="Hits">Served from the store itself.</param>
/// <param name="RemoteHits">Not in the store, and taken from the remote cache.</param>
/// <param name="Misses">In neither.</param>
public sealed record StoreCounts(long Hits, long RemoteHits, long Misses)
{
    /// <summary>Never asked.</summary>
    public static StoreCounts None { get; } = new(0, 0, 0);
}
