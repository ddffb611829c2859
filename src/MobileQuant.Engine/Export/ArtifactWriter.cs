using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MobileQuant.Artifacts;

namespace MobileQuant.Export;

/// <summary>
/// Writes an artifact in one pass: tensors are made, hashed and written one after the other, and the header, whose size is
/// reserved from a manifest with the widest values, comes last. Same inputs, same bytes.
/// </summary>
internal sealed class ArtifactWriter
{
    private const int Alignment = 64;
    private const int PageSize = 4096;
    private const int LargeTensorBytes = 1 << 20;

    private readonly List<Tensor> _tensors = [];

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Unique name.</param>
    /// <param name="dtype">U8, I8, I16, I32, U32 or U64.</param>
    /// <param name="shape">Dimensions.</param>
    /// <param name="write">Writes exactly the tensor's bytes; called once, in order of adding.</param>
    public void Add(string name, string dtype, IReadOnlyList<long> shape, Action<Stream> write)
    {
        int size = dtype switch { "U8" or "I8" => 1, "I16" => 2, "I32" or "U32" => 4, _ => 8 };
        _tensors.Add(new(name, dtype, shape, shape.Aggregate((long)size, (product, d) => product * d), write));
    }

    /// <summary>Adds a small tensor that exists already.</summary>
    public void Add(string name, string dtype, IReadOnlyList<long> shape, ReadOnlyMemory<byte> bytes) =>
        Add(name, dtype, shape, stream => stream.Write(bytes.Span));

    /// <summary>Writes the file.</summary>
    /// <param name="path">Created or replaced; on failure the caller deletes it.</param>
    /// <param name="createManifest">
    /// Makes the manifest from the digests; called before the tensors with digests of zeros, when it must use the widest values
    /// that it could have, and after them.
    /// </param>
    /// <param name="progress">Receives bytes written and bytes in all.</param>
    /// <param name="cancellationToken">Cancels between tensors.</param>
    public void Write(
        string path,
        Func<IReadOnlyDictionary<string, string>, ArtifactManifest> createManifest,
        Action<long, long>? progress,
        CancellationToken cancellationToken)
    {
        List<Placed> placed = Place();
        SortedDictionary<string, string> digests = new(StringComparer.Ordinal);
        foreach (string name in _tensors.Select(t => t.Name).Where(ArtifactNames.IsWeight).Append(ArtifactManifest.SmallTensors))
        {
            digests[name] = new string('0', 64);
        }

        int reserved = RoundUp(8 + CreateHeader(placed, createManifest(digests)).Length, PageSize);
        long total = reserved + (placed.Count == 0 ? 0 : placed[^1].Offset + placed[^1].Tensor.Length);

        using FileStream file = new(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 20);
        file.SetLength(total);
        file.Position = reserved;
        using IncrementalHash small = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Tensor tensor in placed.Select(p => p.Tensor))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (ArtifactNames.IsWeight(tensor.Name))
            {
                using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                WriteTensor(file, tensor, hash);
                digests[tensor.Name] = Convert.ToHexStringLower(hash.GetHashAndReset());
            }
            else
            {
                WriteTensor(file, tensor, small);
            }

            progress?.Invoke(file.Position, total);
        }

        digests[ArtifactManifest.SmallTensors] = Convert.ToHexStringLower(small.GetHashAndReset());

        byte[] header = CreateHeader(placed, createManifest(digests));
        if (8 + header.Length > reserved)
        {
            throw new MobileQuantException("MQ9030", $"The header of '{path}' outgrew its reserve: {header.Length + 8} of {reserved} bytes.", "This is a fault of the tool: please report it.");
        }

        byte[] prefix = new byte[reserved];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, reserved - 8);
        header.CopyTo(prefix, 8);
        prefix.AsSpan(8 + header.Length).Fill((byte)' ');
        file.Position = 0;
        file.Write(prefix);
        file.Flush(flushToDisk: true);
    }

    private static void WriteTensor(FileStream file, Tensor tensor, IncrementalHash hash)
    {
        using HashingStream stream = new(file, hash);
        tensor.Write(stream);
        if (stream.Written != tensor.Length)
        {
            throw new InvalidOperationException($"tensor '{tensor.Name}' wrote {stream.Written} of {tensor.Length} bytes");
        }
    }

    /// <summary>
    /// Offsets from the start of the data, which itself starts on a page: large tensors on a page, others on a cache line.
    /// Gaps become tensors of zeros, because the format forbids holes.
    /// </summary>
    private List<Placed> Place()
    {
        List<Placed> placed = [];
        long offset = 0;
        foreach (Tensor tensor in _tensors)
        {
            long start = RoundUp(offset, tensor.Length >= LargeTensorBytes ? PageSize : Alignment);
            if (start > offset)
            {
                int gap = (int)(start - offset);
                placed.Add(new(new($"filler.{placed.Count}", "U8", [gap], gap, s => s.Write(new byte[gap])), offset));
            }

            placed.Add(new(tensor, start));
            offset = start + tensor.Length;
        }

        return placed;
    }

    private static byte[] CreateHeader(List<Placed> placed, ArtifactManifest manifest)
    {
        string json = ManifestJson.Format(manifest);
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter writer = new(buffer, new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        writer.WriteStartObject("__metadata__");
        writer.WriteString("format", "mobilequant");
        writer.WriteString(ArtifactNames.Manifest, json);
        writer.WriteString(ArtifactNames.ManifestDigest, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json))));
        writer.WriteEndObject();
        foreach (Placed place in placed)
        {
            writer.WriteStartObject(place.Tensor.Name);
            writer.WriteString("dtype", place.Tensor.DType);
            writer.WriteStartArray("shape");
            foreach (long d in place.Tensor.Shape)
            {
                writer.WriteNumberValue(d);
            }

            writer.WriteEndArray();
            writer.WriteStartArray("data_offsets");
            writer.WriteNumberValue(place.Offset);
            writer.WriteNumberValue(place.Offset + place.Tensor.Length);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    private static long RoundUp(long value, int multiple) => (value + multiple - 1) / multiple * multiple;

    private sealed record Tensor(string Name, string DType, IReadOnlyList<long> Shape, long Length, Action<Stream> Write);

    private sealed record Placed(Tensor Tensor, long Offset);
}
