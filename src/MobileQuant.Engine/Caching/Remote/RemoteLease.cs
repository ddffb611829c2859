using System.Text.Json;

namespace MobileQuant.Caching.Remote;

/// <summary>The right to make an artifact while others wait; kept alive until it is disposed.</summary>
internal sealed class RemoteLease : IDisposable
{
    /// <summary>More is no lease.</summary>
    public const int MaximumBytes = 4096;

    private readonly RemoteGuard _remote;
    private readonly RemoteTimings _timings;
    private readonly string _name;
    private readonly IReadOnlyList<(string Name, byte[] Value)> _dead;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _beating;
    private LeaseValue _value;

    /// <param name="remote">Where it is.</param>
    /// <param name="timings">How often it shows life.</param>
    /// <param name="name">Its name, added already.</param>
    /// <param name="value">Its value.</param>
    /// <param name="dead">The leases that it succeeds, first to last.</param>
    public RemoteLease(RemoteGuard remote, RemoteTimings timings, string name, LeaseValue value, IReadOnlyList<(string Name, byte[] Value)> dead)
    {
        _remote = remote;
        _timings = timings;
        _name = name;
        _value = value;
        _dead = dead;
        _beating = Task.Run(BeatAsync);
    }

    /// <summary>A lease as a value.</summary>
    public static byte[] Encode(LeaseValue value) => JsonSerializer.SerializeToUtf8Bytes(value, CachingJson.Default.LeaseValue);

    /// <summary>A value as a lease, or null when it is none.</summary>
    public static LeaseValue? Decode(byte[]? value)
    {
        try
        {
            return value is null ? null : JsonSerializer.Deserialize(value, CachingJson.Default.LeaseValue);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Gives the lease back.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _beating.GetAwaiter().GetResult();
        _stop.Dispose();
        try
        {
            // The first one first: who looks in between finds it free or newly taken, never the last one of a chain that is still dead.
            foreach ((string name, byte[] value) in _dead)
            {
                if (_remote.Get(name, MaximumBytes, CancellationToken.None) is { } found && found.AsSpan().SequenceEqual(value))
                {
                    _remote.Remove(name, CancellationToken.None);
                }
            }

            if (Decode(_remote.Get(_name, MaximumBytes, CancellationToken.None))?.Owner == _value.Owner)
            {
                _remote.Remove(_name, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is RemoteUnavailableException or RemoteValueException)
        {
            // Whoever waits for it will find it dead.
        }
    }

    private async Task BeatAsync()
    {
        try
        {
            using PeriodicTimer timer = new(_timings.Heartbeat);
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                _value = _value with { Beat = _value.Beat + 1, Time = DateTimeOffset.UtcNow };
                Beat();
            }
        }
        catch (OperationCanceledException)
        {
            // Given back.
        }
    }

    private void Beat()
    {
        try
        {
            _remote.Set(_name, Encode(_value), _timings.Lease, _stop.Token);
        }
        catch (RemoteUnavailableException)
        {
            // Once does not matter; when it goes on, others stop waiting. Publishing will tell.
        }
    }
}
