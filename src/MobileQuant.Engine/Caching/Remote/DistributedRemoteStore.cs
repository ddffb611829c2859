using Microsoft.Extensions.Caching.Distributed;

namespace MobileQuant.Caching.Remote;

/// <summary>A remote cache in any <see cref="IDistributedCache"/>.</summary>
public sealed class DistributedRemoteStore : IRemoteStore
{
    // An interface without «add if absent»: who still reads its own value after this long has won. Best effort, and all that leases need.
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(500);

    private readonly IDistributedCache _cache;

    /// <summary>Uses a cache, which stays the caller's to dispose.</summary>
    /// <param name="cache">Keeps values of up to 16 MiB.</param>
    /// <param name="name">What people are told; no secret.</param>
    /// <param name="usesNetwork">Whether asking it means using a network.</param>
    public DistributedRemoteStore(IDistributedCache cache, string name = "distributed cache", bool usesNetwork = true)
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(name);
        _cache = cache;
        Name = name;
        UsesNetwork = usesNetwork;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool UsesNetwork { get; }

    /// <inheritdoc/>
    public async Task<byte[]?> GetAsync(string name, int maximumBytes, CancellationToken cancellationToken)
    {
        byte[]? value = await _cache.GetAsync(name, cancellationToken).ConfigureAwait(false);
        return value is null || value.Length <= maximumBytes
            ? value
            : throw new InvalidDataException($"{name} has {value.Length} bytes; expected at most {maximumBytes}");
    }

    /// <inheritdoc/>
    public Task SetAsync(string name, byte[] value, TimeSpan? lifetime, CancellationToken cancellationToken) =>
        _cache.SetAsync(name, value, new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = lifetime }, cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> TryAddAsync(string name, byte[] value, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        if (await _cache.GetAsync(name, cancellationToken).ConfigureAwait(false) is not null)
        {
            return false;
        }

        await SetAsync(name, value, lifetime, cancellationToken).ConfigureAwait(false);
        await Task.Delay(Settle, cancellationToken).ConfigureAwait(false);
        byte[]? found = await _cache.GetAsync(name, cancellationToken).ConfigureAwait(false);
        return value.AsSpan().SequenceEqual(found);
    }

    /// <inheritdoc/>
    public Task RemoveAsync(string name, CancellationToken cancellationToken) => _cache.RemoveAsync(name, cancellationToken);
}
