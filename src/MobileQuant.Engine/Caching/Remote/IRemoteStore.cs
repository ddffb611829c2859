namespace MobileQuant.Caching.Remote;

/// <summary>
/// Named values that several machines share: all that a remote cache has to offer. Nothing that comes out of one is trusted;
/// one that fails, or answers late, costs the work that it would have saved and no more.
/// </summary>
/// <remarks>Names consist of lower-case letters, digits, <c>/</c>, <c>.</c> and <c>-</c>. Values are at most 16 MiB.</remarks>
public interface IRemoteStore
{
    /// <summary>What people are told; holds no secret.</summary>
    string Name { get; }

    /// <summary>Whether asking it means using a network; such a store is not asked offline.</summary>
    bool UsesNetwork { get; }

    /// <summary>Reads a value.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="maximumBytes">What it may have; more is not read where the store can tell beforehand.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits for the value any more.</param>
    /// <returns>The value, or null when there is none.</returns>
    /// <exception cref="InvalidDataException">The value is larger than <paramref name="maximumBytes"/>.</exception>
    Task<byte[]?> GetAsync(string name, int maximumBytes, CancellationToken cancellationToken);

    /// <summary>Writes a value, replacing another; readers see all of it or nothing.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">The bytes.</param>
    /// <param name="lifetime">After which the store may forget it; null: kept as long as the store keeps anything.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits for it any more.</param>
    /// <returns>When it is written.</returns>
    Task SetAsync(string name, byte[] value, TimeSpan? lifetime, CancellationToken cancellationToken);

    /// <summary>Writes a value where there is none: of several that try at once, one is to succeed.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">The bytes.</param>
    /// <param name="lifetime">After which the store may forget it.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits for it any more.</param>
    /// <returns>Whether it was written by this call.</returns>
    Task<bool> TryAddAsync(string name, byte[] value, TimeSpan lifetime, CancellationToken cancellationToken);

    /// <summary>Removes a value; none there is fine.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits for it any more.</param>
    /// <returns>When it is gone.</returns>
    Task RemoveAsync(string name, CancellationToken cancellationToken);
}
