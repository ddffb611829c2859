using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace MobileQuant.Export;

/// <summary>Writes float32 tensors as a plain safetensors file, one after the other without gaps.</summary>
internal static class SafetensorsWriter
{
    private const int Alignment = 8;
    private const int ChunkElements = 1 << 20;

    /// <summary>Fills a run of elements of a tensor.</summary>
    /// <param name="tensor">Its index in the list.</param>
    /// <param name="start">The first element, row-major.</param>
    /// <param name="values">Receives the elements.</param>
    public delegate void Fill(int tensor, long start, Span<float> values);

    /// <summary>Writes the file.</summary>
    /// <param name="path">Created or replaced; on failure the caller deletes it.</param>
    /// <param name="tensors">Unique names and shapes.</param>
    /// <param name="metadata">The <c>__metadata__</c> map, in this order.</param>
    /// <param name="fill">Called for each tensor in order, in runs.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <returns>Bytes of the file.</returns>
    public static long Write(
        string path,
        IReadOnlyList<(string Name, IReadOnlyList<long> Shape)> tensors,
        IReadOnlyDictionary<string, string> metadata,
        Fill fill,
        CancellationToken cancellationToken)
    {
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Write(CreateHeader(tensors, metadata));
        float[] buffer = new float[(int)Math.Min(ChunkElements, tensors.Select(tensor => Count(tensor.Shape)).DefaultIfEmpty().Max())];
        for (int i = 0; i < tensors.Count; i++)
        {
            long count = Count(tensors[i].Shape);
            for (long start = 0; start < count; start += buffer.Length)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Span<float> values = buffer.AsSpan(0, (int)Math.Min(buffer.Length, count - start));
                fill(i, start, values);
                file.Write(MemoryMarshal.AsBytes(values));
            }
        }

        file.Flush(flushToDisk: true);
        return file.Length;
    }

    private static byte[] CreateHeader(IReadOnlyList<(string Name, IReadOnlyList<long> Shape)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        ArrayBufferWriter<byte> json = new();
        using (Utf8JsonWriter writer = new(json))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("__metadata__");
            foreach ((string key, string value) in metadata)
            {
                writer.WriteString(key, value);
            }

            writer.WriteEndObject();
            long offset = 0;
            foreach ((string name, IReadOnlyList<long> shape) in tensors)
            {
                long end = offset + (Count(shape) * sizeof(float));
                writer.WriteStartObject(name);
                writer.WriteString("dtype", "F32");
                WriteNumbers(writer, "shape", shape);
                WriteNumbers(writer, "data_offsets", [offset, end]);
                writer.WriteEndObject();
                offset = end;
            }

            writer.WriteEndObject();
        }

        // Spaces behind the header keep the data aligned.
        int length = (json.WrittenCount + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[sizeof(long) + length];
        header.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(header, length);
        json.WrittenSpan.CopyTo(header.AsSpan(sizeof(long)));
        return header;
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, IReadOnlyList<long> values)
    {
        writer.WriteStartArray(name);
        foreach (long value in values)
        {
            writer.WriteNumberValue(value);
        }

        writer.WriteEndArray();
    }

    private static long Count(IReadOnlyList<long> shape) => shape.Aggregate(1L, (product, d) => product * d);
}
