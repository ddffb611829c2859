using System.Net;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using StackExchange.Redis;

namespace MobileQuant.Caching.Remote;

/// <summary>A remote cache in Redis: its distributed cache, and what that interface lacks by the connection below it.</summary>
internal sealed class RedisRemoteStore : IRemoteStore, IDisposable
{
    // The layout of the distributed cache: a hash with these fields, -1 where a value does not expire by the cache's own means.
    private const string DataField = "data";
    private static readonly HashEntry[] NoExpiry = [new("absexp", -1), new("sldexp", -1)];

    private readonly Lazy<Task<IConnectionMultiplexer>> _connection;
    private readonly RedisCache _cache;

    /// <param name="location">Where the server is.</param>
    /// <param name="timeout">For connecting and for each answer.</param>
    public RedisRemoteStore(RedisLocation location, TimeSpan timeout)
    {
        Name = location.Name;
        _connection = new(() => ConnectAsync(location, timeout));
        _cache = new(new RedisCacheOptions { ConnectionMultiplexerFactory = () => _connection.Value });
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool UsesNetwork => true;

    /// <inheritdoc/>
    public async Task<byte[]?> GetAsync(string name, int maximumBytes, CancellationToken cancellationToken)
    {
        // Asked first: a value of a stranger may have half a gigabyte.
        long length = await (await DatabaseAsync().ConfigureAwait(false)).HashStringLengthAsync(name, DataField).ConfigureAwait(false);
        if (length > maximumBytes)
        {
            throw new InvalidDataException($"{name} has {length} bytes; expected at most {maximumBytes}");
        }

        return await _cache.GetAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task SetAsync(string name, byte[] value, TimeSpan? lifetime, CancellationToken cancellationToken) =>
        _cache.SetAsync(name, value, new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = lifetime }, cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> TryAddAsync(string name, byte[] value, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        ITransaction transaction = (await DatabaseAsync().ConfigureAwait(false)).CreateTransaction();
        transaction.AddCondition(Condition.KeyNotExists(name));
        Task written = transaction.HashSetAsync(name, [.. NoExpiry, new(DataField, value)]);
        Task<bool> expires = transaction.KeyExpireAsync(name, lifetime);
        if (!await transaction.ExecuteAsync().ConfigureAwait(false))
        {
            return false;
        }

        await Task.WhenAll(written, expires).ConfigureAwait(false);
        return true;
    }

    /// <inheritdoc/>
    public Task RemoveAsync(string name, CancellationToken cancellationToken) => _cache.RemoveAsync(name, cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _cache.Dispose();
        if (_connection.IsValueCreated)
        {
            // It may come about only now.
            _ = _connection.Value.ContinueWith(connected => connected.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        }
    }

    private static async Task<IConnectionMultiplexer> ConnectAsync(RedisLocation location, TimeSpan timeout)
    {
        int milliseconds = (int)Math.Min(timeout.TotalMilliseconds, int.MaxValue);
        ConfigurationOptions options = new()
        {
            EndPoints = { IPAddress.TryParse(location.Host, out IPAddress? address) ? new IPEndPoint(address, location.Port) : new DnsEndPoint(location.Host, location.Port) },
            User = location.User,
            Password = location.Password,
            Ssl = location.IsSecure,
            SslHost = location.IsSecure ? location.Host : null,
            DefaultDatabase = location.Database,
            AbortOnConnectFail = true,
            ConnectRetry = 1,
            ConnectTimeout = milliseconds,
            AsyncTimeout = milliseconds,
            SyncTimeout = milliseconds,
            ClientName = "mobilequant",
        };
        return await ConnectionMultiplexer.ConnectAsync(options).ConfigureAwait(false);
    }

    private async Task<IDatabase> DatabaseAsync() => (await _connection.Value.ConfigureAwait(false)).GetDatabase();
}
