using System.Diagnostics;
using System.Security.Cryptography;

namespace MobileQuant.Caching.Remote;

/// <summary>
/// Leases of one key: one of the machines that need an artifact makes it while the others wait. Best effort: two that make it
/// at the same time waste work and harm nothing.
/// </summary>
/// <remarks>
/// An owner changes its lease from time to time. One that did not change for a while, by the clock of who looks at it, is dead, and
/// succeeded by a lease whose name says whom it succeeds: <c>lease/KEY</c>, <c>lease/KEY.OWNER1</c>, ... Adding a name
/// that does not exist is all that stores can do atomically, and with it only one of those who wait can succeed.
/// </remarks>
internal sealed class RemoteLeases(RemoteGuard remote, RemoteTimings timings, string key)
{
    private const int MaximumSuccessors = 32;

    private readonly Dictionary<string, (byte[] Value, long Since)> _seen = new(StringComparer.Ordinal);

    /// <summary>Looks who holds the lease, and takes it when nobody does.</summary>
    /// <param name="take">False: only looks.</param>
    /// <param name="cancellationToken">Stops between answers.</param>
    /// <exception cref="RemoteUnavailableException">The store failed.</exception>
    /// <exception cref="RemoteValueException">Something else than a lease is there.</exception>
    public LeaseAttempt Try(bool take, CancellationToken cancellationToken)
    {
        List<(string Name, byte[] Value)> dead = [];
        string name = RemoteNames.Lease(key);
        while (dead.Count < MaximumSuccessors)
        {
            byte[]? found = remote.Get(name, RemoteLease.MaximumBytes, cancellationToken);
            if (found is null && !take)
            {
                return default;
            }

            if (found is null)
            {
                LeaseValue mine = new(Guid.NewGuid().ToString("N"), Environment.MachineName, Environment.ProcessId, DateTimeOffset.UtcNow, 0);
                if (remote.TryAdd(name, RemoteLease.Encode(mine), timings.Lease, cancellationToken))
                {
                    return new(new RemoteLease(remote, timings, name, mine, dead), null);
                }

                found = remote.Get(name, RemoteLease.MaximumBytes, cancellationToken);
            }

            if (found is null || !IsDead(name, found))
            {
                return new(null, Describe(found));
            }

            dead.Add((name, found));
            name = $"{RemoteNames.Lease(key)}.{Successor(found)}";
        }

        return default;
    }

    private static string Successor(byte[] value) => Convert.ToHexStringLower(SHA256.HashData(value))[..16];

    // Shown to people, and written by whoever can write to the store.
    private static string Describe(byte[]? value) => RemoteLease.Decode(value) is { Host.Length: > 0 and <= 64 } lease && lease.Host.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_')
        ? FormattableString.Invariant($"pid {lease.Pid} on {lease.Host}")
        : "owner unknown";

    private bool IsDead(string name, byte[] value)
    {
        if (!_seen.TryGetValue(name, out (byte[] Value, long Since) seen) || !seen.Value.AsSpan().SequenceEqual(value))
        {
            _seen[name] = (value, Stopwatch.GetTimestamp());
            return false;
        }

        return Stopwatch.GetElapsedTime(seen.Since) >= timings.Lease;
    }
}
