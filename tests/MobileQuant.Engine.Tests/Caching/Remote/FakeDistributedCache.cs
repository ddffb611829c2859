using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Distributed;

namespace MobileQuant.Tests.Caching.Remote;

/// <summary>A distributed cache in memory that tells each operation beforehand, and keeps what it was given.</summary>
internal sealed class FakeDistributedCache(Func<string, string, CancellationToken, Task>? before = null) : IDistributedCache
{
    private int _operations;

    public ConcurrentDictionary<string, byte[]> Values { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<string> Written { get; } = new();

    public int Operations => _operations;

    public byte[]? Get(string key) => throw new NotSupportedException();

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        await Before("get", key, token);
        return Values.GetValueOrDefault(key);
    }

    public void Refresh(string key) => throw new NotSupportedException();

    public Task RefreshAsync(string key, CancellationToken token = default) => throw new NotSupportedException();

    public void Remove(string key) => throw new NotSupportedException();

    public async Task RemoveAsync(string key, CancellationToken token = default)
    {
        await Before("remove", key, token);
        Values.TryRemove(key, out _);
    }

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException();

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        await Before("set", key, token);
        Values[key] = [.. value];
        Written.Enqueue(key);
    }

    private Task Before(string operation, string key, CancellationToken token)
    {
        Interlocked.Increment(ref _operations);
        return before?.Invoke(operation, key, token) ?? Task.CompletedTask;
    }
}
