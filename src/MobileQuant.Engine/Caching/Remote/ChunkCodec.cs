using System.IO.Compression;
using System.Security.Cryptography;

namespace MobileQuant.Caching.Remote;

/// <summary>Parts of an artifact to values and back. Compressed only where that pays: weights of 4 and 8 bits are nearly random.</summary>
internal static class ChunkCodec
{
    /// <summary>Bytes of an artifact per value: 8 MiB, far below what any store allows.</summary>
    public const int ChunkBytes = 8 << 20;

    public const string Plain = "none";

    public const string Brotli = "brotli";

    // Entropy coding finds what there is in weights; searching longer finds hardly more, at a tenth of the speed.
    private const int Quality = 1;
    private const int Window = 22;

    /// <summary>Encodes a part.</summary>
    public static (RemoteChunk Chunk, byte[] Value) Encode(ReadOnlySpan<byte> part)
    {
        // Room for 97 %: whatever does not fit is not worth it.
        byte[] compressed = new byte[part.Length - (part.Length / 100 * 3) - 1];
        bool pays = BrotliEncoder.TryCompress(part, compressed, out int written, Quality, Window);
        byte[] value = pays ? compressed[..written] : part.ToArray();
        return (new(Convert.ToHexStringLower(SHA256.HashData(value)), value.Length, part.Length, pays ? Brotli : Plain), value);
    }

    /// <summary>Decodes a value after comparing it with its digest.</summary>
    /// <exception cref="RemoteValueException">It is not the chunk's value.</exception>
    public static byte[] Decode(RemoteChunk chunk, byte[] value)
    {
        if (value.Length != chunk.StoredBytes || Convert.ToHexStringLower(SHA256.HashData(value)) != chunk.Sha256)
        {
            throw new RemoteValueException($"the part {chunk.Sha256[..12]} does not match its digest");
        }

        if (chunk.Encoding == Plain)
        {
            return value;
        }

        byte[] part = new byte[chunk.Bytes];
        return BrotliDecoder.TryDecompress(value, part, out int written) && written == part.Length
            ? part
            : throw new RemoteValueException($"the part {chunk.Sha256[..12]} does not decompress to {chunk.Bytes} bytes");
    }
}
