using MobileQuant.Artifacts;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>
/// A GGUF file, mapped read-only. The header is validated before anything is handed out: every <see cref="GgufTensor"/> lies
/// inside the file, aligned, with the length that its type and shape imply, and overlaps no other.
/// </summary>
/// <remarks>Layout: magic, version, counts, metadata, tensor table, padding to the alignment, the tensors' bytes.</remarks>
public sealed class GgufFile : IDisposable
{
    // Whole blocks are decoded in runs of this many, so that byte counts stay far below 2^31.
    private const int BlocksPerRun = 1 << 20;

    private readonly MappedFile _map;
    private readonly Dictionary<string, GgufTensor> _byName;

    private GgufFile(MappedFile map)
    {
        _map = map;
        (Version, Metadata, Tensors) = GgufHeaderReader.Read(map);
        _byName = Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The file, as it was opened.</summary>
    public string Path => _map.Path;

    /// <summary>Bytes of the whole file.</summary>
    public long Length => _map.Length;

    /// <summary>Version of the format: 2 or 3, which differ in nothing that is read.</summary>
    public uint Version { get; }

    /// <summary>The key-value pairs.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>All tensors in the order of the file's table.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>Whether a file begins as GGUF does.</summary>
    /// <param name="path">Any path.</param>
    /// <returns>False too when it cannot be read.</returns>
    public static bool HasMagic(string path)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            Span<byte> start = stackalloc byte[4];
            return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual("GGUF"u8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    /// <summary>Maps and validates a file.</summary>
    /// <param name="path">A .gguf file.</param>
    /// <returns>The open file; dispose it after the last use of its tensors and metadata.</returns>
    /// <exception cref="MobileQuantException">
    /// MQ2020: cannot be read, another version, or ends inside the header; MQ2021: the header is not what the format says;
    /// MQ2022: a tensor's type and shape are wrong; MQ2023: a tensor lies outside the file, over another, or not aligned.
    /// </exception>
    public static GgufFile Open(string path)
    {
        MappedFile? map = null;
        try
        {
            map = new(path);
            GgufFile file = new(map);
            map = null;
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new MobileQuantException("MQ2020", $"{path}: cannot be opened: {e.Message}", "Check the path and its permissions.", e);
        }
        finally
        {
            map?.Dispose();
        }
    }

    /// <summary>Finds a tensor.</summary>
    /// <param name="name">Its exact name.</param>
    /// <returns>The tensor, or null when there is none.</returns>
    public GgufTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Decodes a run of elements to float32, in row-major order. The run may begin and end inside of blocks.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="start">First element.</param>
    /// <param name="destination">Receives as many elements as it has room for.</param>
    /// <exception cref="MobileQuantException">MQ2025: a type that is not decoded.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The run leaves the tensor.</exception>
    public void Read(GgufTensor tensor, long start, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, tensor.ElementCount - destination.Length);
        GgufTensorFormat format = GgufTensorFormat.Of(tensor.Type)!;
        GgufTensorFormat.Decoder decode = format.Decode ?? throw NotDecoded(tensor);
        int size = format.BlockElements;
        long block = start / size;
        int skip = (int)(start % size);
        if (skip > 0 && !destination.IsEmpty)
        {
            int count = Math.Min(size - skip, destination.Length);
            ReadPart(tensor, format, block++, skip, destination[..count]);
            destination = destination[count..];
        }

        while (destination.Length >= size)
        {
            int blocks = Math.Min(destination.Length / size, BlocksPerRun);
            decode(_map.Span(tensor.Offset + (block * format.BlockBytes), blocks * format.BlockBytes), destination[..(blocks * size)]);
            block += blocks;
            destination = destination[(blocks * size)..];
        }

        if (!destination.IsEmpty)
        {
            ReadPart(tensor, format, block, 0, destination);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _map.Dispose();

    private void ReadPart(GgufTensor tensor, GgufTensorFormat format, long block, int skip, Span<float> destination)
    {
        Span<float> whole = stackalloc float[GgufTensorFormat.MaximumBlockElements];
        whole = whole[..format.BlockElements];
        format.Decode!(_map.Span(tensor.Offset + (block * format.BlockBytes), format.BlockBytes), whole);
        whole.Slice(skip, destination.Length).CopyTo(destination);
    }

    private MobileQuantException NotDecoded(GgufTensor tensor) =>
        new("MQ2025", $"{Path}: tensor '{GgufCursor.Show(tensor.Name)}' has the type {tensor.Type}, which is not read.", $"Use another quantization of the model, best F16, BF16 or Q8_0. Types that are read: {GgufTensorFormat.DecodableTypes}.");
}
