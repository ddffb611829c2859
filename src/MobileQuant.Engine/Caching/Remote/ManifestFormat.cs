using System.Security.Cryptography;
using System.Text.Json;
using MobileQuant.Evaluation.Quality;

namespace MobileQuant.Caching.Remote;

/// <summary>
/// A manifest as a value: a line that says what it is, the SHA-256 of the rest, the rest as JSON. Reading one proves that it is
/// whole, that it belongs to the key, and that its sizes are possible, before any of them is used.
/// </summary>
internal static class ManifestFormat
{
    /// <summary>Enough for the chunks of the largest artifact.</summary>
    public const int MaximumBytes = 16 << 20;

    /// <summary>A quarter of a tebibyte: more is no language model for a device.</summary>
    public const long MaximumArtifactBytes = 1L << 38;

    private static ReadOnlySpan<byte> Magic => "mobilequant-manifest-1\n"u8;

    /// <summary>Writes a manifest.</summary>
    public static byte[] Encode(RemoteManifest manifest)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(manifest, CachingJson.Default.RemoteManifest);
        return [.. Magic, .. SHA256.HashData(json), .. json];
    }

    /// <summary>Reads and checks a manifest.</summary>
    /// <param name="value">The value.</param>
    /// <param name="key">The content key that it was found under.</param>
    /// <exception cref="RemoteValueException">It must not be used.</exception>
    public static RemoteManifest Decode(ReadOnlySpan<byte> value, string key)
    {
        Require(value.Length > Magic.Length + SHA256.HashSizeInBytes && value.StartsWith(Magic), "it is not a manifest of this version");
        ReadOnlySpan<byte> json = value[(Magic.Length + SHA256.HashSizeInBytes)..];
        Require(value.Slice(Magic.Length, SHA256.HashSizeInBytes).SequenceEqual(SHA256.HashData(json)), "it does not match its digest");
        RemoteManifest manifest = Parse(json);
        Require(manifest.Version == RemoteManifest.CurrentVersion && manifest.Entry is { Version: StoreEntry.CurrentVersion }, "it has another version");
        RequireKey(manifest.Entry, key);
        RequireSizes(manifest);
        RequireQuality(manifest);
        return manifest;
    }

    private static RemoteManifest Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, CachingJson.Default.RemoteManifest) ?? throw new RemoteValueException("it is empty");
        }
        catch (JsonException e)
        {
            throw new RemoteValueException("it is not the JSON of a manifest", e);
        }
    }

    // The key is the digest of the fingerprint: what was published under it must be made of the same things.
    private static void RequireKey(StoreEntry entry, string key) => Require(
        entry.Key == key
        && entry.Fingerprint is not null
        && entry.Fingerprint.All(part => part is { Name: not null, Sha256: not null })
        && new Fingerprint(entry.Fingerprint).Key == key,
        "it belongs to another key");

    private static void RequireSizes(RemoteManifest manifest)
    {
        long bytes = manifest.Entry.Bytes;
        Require(IsDigest(manifest.Entry.Sha256), "its digest is none");
        Require(bytes is > 0 and <= MaximumArtifactBytes, $"it has {bytes} bytes");
        long count = (bytes + ChunkCodec.ChunkBytes - 1) / ChunkCodec.ChunkBytes;
        Require(manifest.Chunks is not null && manifest.Chunks.Count == count, "its parts do not make up its size");
        for (int i = 0; i < manifest.Chunks!.Count; i++)
        {
            long expected = Math.Min(ChunkCodec.ChunkBytes, bytes - ((long)i * ChunkCodec.ChunkBytes));
            Require(
                manifest.Chunks[i] is { } chunk
                && chunk.Bytes == expected
                && IsDigest(chunk.Sha256)
                && (chunk.Encoding == ChunkCodec.Plain ? chunk.StoredBytes == expected : chunk.Encoding == ChunkCodec.Brotli && chunk.StoredBytes > 0 && chunk.StoredBytes < expected),
                $"its part {i} is impossible");
        }
    }

    // The names become those of files.
    private static void RequireQuality(RemoteManifest manifest) => Require(
        manifest.Quality is not null
        && manifest.Quality.All(figures => (figures.Key == QualityCheck.CalibrationText || IsDigest(figures.Key)) && figures.Value is { Sites: not null } && figures.Value.ArtifactSha256 == manifest.Entry.Sha256),
        "its figures are of something else");

    private static bool IsDigest(string? text) => text is { Length: 64 } && text.All(char.IsAsciiHexDigitLower);

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new RemoteValueException(problem);
        }
    }
}
