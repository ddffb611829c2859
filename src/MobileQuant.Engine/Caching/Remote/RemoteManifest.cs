using MobileQuant.Evaluation.Quality;

namespace MobileQuant.Caching.Remote;

/// <summary>What makes parts in the remote cache an artifact; written last, under the content key.</summary>
internal sealed record RemoteManifest
{
    /// <summary>The layout of this record; another is not read.</summary>
    public const int CurrentVersion = 1;

    /// <summary>See <see cref="CurrentVersion"/>.</summary>
    public required int Version { get; init; }

    /// <summary>The entry of the store that was published.</summary>
    public required StoreEntry Entry { get; init; }

    /// <summary>The parts in order; each but the last has <see cref="ChunkCodec.ChunkBytes"/>.</summary>
    public required IReadOnlyList<RemoteChunk> Chunks { get; init; }

    /// <summary>Figures of the artifact by what the store keeps them under.</summary>
    public required IReadOnlyDictionary<string, QualityMeasurement> Quality { get; init; }
}
