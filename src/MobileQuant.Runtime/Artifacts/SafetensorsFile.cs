namespace MobileQuant.Artifacts;

/// <summary>
/// A safetensors file, mapped read-only. The header is validated before anything is handed out: every
/// <see cref="TensorEntry"/> lies inside the file, has the length that its type and shape imply, and overlaps no other.
/// Gaps between tensors are accepted.
/// </summary>
/// <remarks>Layout: u64 little-endian header length, that many bytes of JSON, then the tensors' bytes.</remarks>
public sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly MappedFile _map;

    private SafetensorsFile(MappedFile map, SafetensorsHeader header)
    {
        _map = map;
        Tensors = header.Tensors;
        Metadata = header.Metadata;
    }

    /// <summary>The file, as it was opened.</summary>
    public string Path => _map.Path;

    /// <summary>Bytes of the whole file.</summary>
    public long Length => _map.Length;

    /// <summary>All tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>The <c>__metadata__</c> map; empty when there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Maps and validates a file.</summary>
    /// <param name="path">A .safetensors file.</param>
    /// <returns>The open file; dispose it after the last use of its bytes.</returns>
    /// <exception cref="MobileQuantException">
    /// MQ2010: cannot be read, or too short; MQ2011: the header is not what the format says; MQ2012: a tensor's type, shape and
    /// size disagree; MQ2013: a tensor lies outside the file or over another.
    /// </exception>
    public static SafetensorsFile Open(string path)
    {
        MappedFile? map = null;
        try
        {
            map = new(path);
            SafetensorsFile file = new(map, ReadHeader(map));
            map = null;
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new MobileQuantException("MQ2010", $"{path}: cannot be opened: {e.Message}", "Check the path and its permissions.", e);
        }
        finally
        {
            map?.Dispose();
        }
    }

    /// <summary>The bytes of one tensor.</summary>
    /// <param name="entry">An entry of <see cref="Tensors"/>.</param>
    /// <returns>A span over the mapped file, valid until <see cref="Dispose"/>.</returns>
    /// <exception cref="MobileQuantException">MQ2012: the tensor has 2 GiB or more.</exception>
    public ReadOnlySpan<byte> GetBytes(TensorEntry entry)
    {
        byte* pointer = GetPointer(entry);
        if (entry.Length > int.MaxValue)
        {
            throw new MobileQuantException("MQ2012", $"{Path}: tensor '{entry.Name}' has {entry.Length} bytes; this place reads at most {int.MaxValue}.");
        }

        return new(pointer, (int)entry.Length);
    }

    /// <summary>A run of bytes of one tensor, for tensors of any size.</summary>
    /// <param name="entry">An entry of <see cref="Tensors"/>.</param>
    /// <param name="start">First byte, from the start of the tensor.</param>
    /// <param name="count">Bytes.</param>
    /// <returns>A span over the mapped file, valid until <see cref="Dispose"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The run leaves the tensor.</exception>
    public ReadOnlySpan<byte> GetBytes(TensorEntry entry, long start, int count)
    {
        byte* pointer = GetPointer(entry);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, entry.Length - count);
        return new(pointer + start, count);
    }

    /// <summary>The first byte of one tensor; <see cref="TensorEntry.Length"/> bytes may be read, until <see cref="Dispose"/>.</summary>
    /// <param name="entry">An entry of <see cref="Tensors"/>.</param>
    internal byte* GetPointer(TensorEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);

        // An entry could come from another file: never trust it beyond this file's own bounds.
        if (entry.Offset < 0 || entry.Length < 0 || entry.Offset > Length || entry.Length > Length - entry.Offset)
        {
            throw new ArgumentException($"'{entry.Name}' is not a tensor of {Path}", nameof(entry));
        }

        return _map.Pointer(entry.Offset, entry.Length);
    }

    /// <summary>The tensor called <paramref name="name"/>.</summary>
    /// <param name="name">Its exact name.</param>
    /// <returns>Its entry.</returns>
    /// <exception cref="MobileQuantException">MQ2005: there is none.</exception>
    public TensorEntry GetTensor(string name) =>
        Tensors.TryGetValue(name, out TensorEntry? entry)
            ? entry
            : throw new MobileQuantException("MQ2005", $"{Path}: there is no tensor '{name}'.");

    /// <inheritdoc/>
    public void Dispose() => _map.Dispose();

    private static SafetensorsHeader ReadHeader(MappedFile map)
    {
        string path = map.Path;
        if (map.Length < sizeof(ulong))
        {
            throw new MobileQuantException("MQ2010", $"{path}: a safetensors file has at least 8 bytes, this one has {map.Length}.", "Copy or download the file again.");
        }

        ulong headerLength = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(map.Span(0, sizeof(ulong)));
        if (headerLength > (ulong)(map.Length - sizeof(ulong)))
        {
            throw new MobileQuantException(
                "MQ2010",
                $"{path}: the header claims {headerLength} bytes, but only {map.Length - sizeof(ulong)} follow.",
                "The file is truncated or not a safetensors file; copy or download it again.");
        }

        if (headerLength > SafetensorsHeader.MaximumBytes)
        {
            throw new MobileQuantException("MQ2011", $"{path}: the header has {headerLength} bytes; at most {SafetensorsHeader.MaximumBytes} are allowed.");
        }

        return SafetensorsHeader.Parse(map.Span(sizeof(ulong), (int)headerLength), path, sizeof(ulong) + (long)headerLength, map.Length);
    }
}
