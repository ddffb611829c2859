using System.Security.Cryptography;
using MobileQuant.Evaluation.Quality;

namespace MobileQuant.Caching.Remote;

/// <summary>Artifacts as values of a remote store: parts, and last the manifest, so that what is found is complete.</summary>
internal sealed class RemoteArtifacts(RemoteGuard remote)
{
    /// <summary>The value under a key, not checked yet; null when there is none.</summary>
    public byte[]? GetManifest(string key, CancellationToken cancellationToken) => remote.Get(RemoteNames.Manifest(key), ManifestFormat.MaximumBytes, cancellationToken);

    /// <summary>Writes an artifact to a stream, every part and the whole compared with their digests.</summary>
    /// <exception cref="RemoteValueException">A part is missing or not what the manifest says; what was written is worth nothing.</exception>
    public void Download(RemoteManifest manifest, Stream target, Action<long> advanced, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long done = 0;
        foreach (RemoteChunk chunk in manifest.Chunks)
        {
            byte[] value = remote.Get(RemoteNames.Chunk(chunk.Sha256), chunk.StoredBytes, cancellationToken)
                ?? throw new RemoteValueException($"the part {chunk.Sha256[..12]} is missing");
            byte[] part = ChunkCodec.Decode(chunk, value);
            hash.AppendData(part);
            target.Write(part);
            advanced(done += part.Length);
        }

        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != manifest.Entry.Sha256)
        {
            throw new RemoteValueException("the artifact does not match its digest");
        }
    }

    /// <summary>Publishes an entry of a store, with its figures and without the paths of this machine.</summary>
    /// <param name="local">The store.</param>
    /// <param name="entry">Its entry.</param>
    /// <param name="advanced">Told bytes done.</param>
    /// <param name="cancellationToken">Stops between parts.</param>
    /// <exception cref="RemoteValueException">The artifact does not match its digest; nothing can be found under its key.</exception>
    /// <exception cref="IOException">It is not there any more.</exception>
    public void Publish(ContentStore local, StoreEntry entry, Action<long> advanced, CancellationToken cancellationToken)
    {
        using FileStream artifact = local.OpenArtifact(entry.Key);
        Upload(artifact, Anonymous(entry), local.Quality.ReadAll(entry.Key), advanced, cancellationToken);
    }

    /// <summary>Publishes an artifact.</summary>
    /// <param name="artifact">Its bytes, from the start.</param>
    /// <param name="entry">Its description.</param>
    /// <param name="quality">Its figures.</param>
    /// <param name="advanced">Told bytes done.</param>
    /// <param name="cancellationToken">Stops between parts; without a manifest they are no artifact.</param>
    /// <exception cref="RemoteValueException">The bytes are not those of the entry; nothing can be found under its key.</exception>
    public void Upload(Stream artifact, StoreEntry entry, IReadOnlyDictionary<string, QualityMeasurement> quality, Action<long> advanced, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        List<RemoteChunk> chunks = [];
        byte[] buffer = new byte[(int)Math.Clamp(entry.Bytes, 1, ChunkCodec.ChunkBytes)];
        long done = 0;
        int read;
        while ((read = artifact.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0)
        {
            hash.AppendData(buffer, 0, read);
            (RemoteChunk chunk, byte[] value) = ChunkCodec.Encode(buffer.AsSpan(0, read));
            remote.Set(RemoteNames.Chunk(chunk.Sha256), value, null, cancellationToken);
            chunks.Add(chunk);
            advanced(done += read);
        }

        if (done != entry.Bytes || Convert.ToHexStringLower(hash.GetHashAndReset()) != entry.Sha256)
        {
            throw new RemoteValueException("the stored artifact does not match its digest");
        }

        RemoteManifest manifest = new() { Version = RemoteManifest.CurrentVersion, Entry = entry, Chunks = chunks, Quality = quality };
        remote.Set(RemoteNames.Manifest(entry.Key), ManifestFormat.Encode(manifest), null, cancellationToken);
    }

    // Paths say where people keep their files, and nothing to another machine.
    private static StoreEntry Anonymous(StoreEntry entry) => entry with
    {
        Source = Path.GetFileName(entry.Source),
        Fingerprint = [.. entry.Fingerprint.Select(part => Path.IsPathRooted(part.Text) ? part with { Text = Path.GetFileName(part.Text) } : part)],
    };
}
