using MobileQuant.Artifacts;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>
/// Parses and checks a GGUF header: counts, metadata, tensor table. Nothing is allocated for a count that the file only claims:
/// memory grows with the entries that are really there, and arrays stay where they are.
/// </summary>
internal sealed class GgufHeaderReader
{
    private const uint Magic = 0x46554747;
    private const int MaximumKeys = 1 << 16;
    private const int MaximumTensors = 1 << 16;
    private const int MaximumKeyBytes = ushort.MaxValue;
    private const int MaximumTensorNameBytes = 1024;
    private const int MaximumRank = 4;
    private const int DefaultAlignment = 32;
    private const int MaximumAlignment = 1 << 20;

    // Length of a name of one byte, the type, and one byte of value; for a tensor rank, one dimension, type and offset.
    private const int SmallestKey = 8 + 1 + 4 + 1;
    private const int SmallestTensor = 8 + 1 + 4 + 8 + 4 + 8;

    private readonly GgufCursor _cursor;
    private readonly MappedFile _map;

    private GgufHeaderReader(MappedFile map)
    {
        _map = map;
        _cursor = new(map);
    }

    /// <summary>Reads the header.</summary>
    /// <exception cref="MobileQuantException">MQ2020 to MQ2023.</exception>
    public static (uint Version, GgufMetadata Metadata, IReadOnlyList<GgufTensor> Tensors) Read(MappedFile map)
    {
        GgufHeaderReader reader = new(map);
        (uint version, ulong tensors, ulong keys) = reader.ReadCounts();
        GgufMetadata metadata = reader.ReadMetadata(keys);
        return (version, metadata, reader.ReadTensors(tensors, reader.ReadAlignment(metadata)));
    }

    private (uint Version, ulong Tensors, ulong Keys) ReadCounts()
    {
        if (_map.Length < sizeof(uint) || _cursor.ReadUInt32("the magic number") != Magic)
        {
            throw NotGguf("it does not begin with the letters GGUF");
        }

        uint version = _cursor.ReadUInt32("the version");
        if (version is not (2 or 3))
        {
            throw NotGguf((version & 0xffff) == 0 ? "it is a big-endian file, which is not read" : $"its version is {version}; versions 2 and 3 are read");
        }

        ulong tensors = _cursor.ReadUInt64("the number of tensors");
        ulong keys = _cursor.ReadUInt64("the number of metadata keys");
        Limit(keys, MaximumKeys, SmallestKey, "metadata keys");
        Limit(tensors, MaximumTensors, SmallestTensor, "tensors");
        return (version, tensors, keys);
    }

    private void Limit(ulong count, int maximum, int smallest, string what)
    {
        if (count > (ulong)maximum || count > (ulong)(_cursor.Left / smallest))
        {
            throw _cursor.Malformed($"it claims {count} {what}; this file has room for {Math.Min(maximum, _cursor.Left / smallest)} at most");
        }
    }

    private GgufMetadata ReadMetadata(ulong count)
    {
        List<string> order = [];
        Dictionary<string, GgufValue> values = new(StringComparer.Ordinal);
        for (ulong i = 0; i < count; i++)
        {
            string key = _cursor.ReadName(MaximumKeyBytes, $"the name of metadata key {i}");
            if (!values.TryAdd(key, ReadValue(GgufCursor.Show(key))))
            {
                throw _cursor.Malformed($"the metadata key '{GgufCursor.Show(key)}' appears twice");
            }

            order.Add(key);
        }

        return new(_map, order, values);
    }

    private GgufValue ReadValue(string key)
    {
        GgufValueType type = (GgufValueType)_cursor.ReadUInt32($"the type of '{key}'");
        if (type != GgufValueType.Array)
        {
            long start = _cursor.Position;
            SkipElements(type, 1, key);
            return new(type, IsArray: false, start, 1);
        }

        GgufValueType element = (GgufValueType)_cursor.ReadUInt32($"the element type of '{key}'");
        ulong count = _cursor.ReadUInt64($"the length of '{key}'");
        long first = _cursor.Position;
        if (element == GgufValueType.Array)
        {
            throw _cursor.Malformed($"'{key}' is an array of arrays, which no model uses");
        }

        SkipElements(element, count, key);
        return new(element, IsArray: true, first, (long)count);
    }

    private void SkipElements(GgufValueType type, ulong count, string key)
    {
        string what = $"the value of '{key}'";
        if (GgufValue.SizeOf(type) is > 0 and int size)
        {
            _cursor.Skip(count, size, what);
            return;
        }

        if (type != GgufValueType.Text)
        {
            throw _cursor.Malformed($"'{key}' has the unknown type {(uint)type}");
        }

        // Each string takes at least its length: a count that cannot be true ends here, not after a long walk.
        if (count > (ulong)(_cursor.Left / sizeof(ulong)))
        {
            _cursor.Skip(count, sizeof(ulong), what);
        }

        for (ulong i = 0; i < count; i++)
        {
            _cursor.SkipText(what);
        }
    }

    private uint ReadAlignment(GgufMetadata metadata)
    {
        const string Key = "general.alignment";
        if (!metadata.TryGetUInt32(Key, out uint alignment))
        {
            return DefaultAlignment;
        }

        return alignment is >= 8 and <= MaximumAlignment && uint.IsPow2(alignment)
            ? alignment
            : throw _cursor.Malformed($"'{Key}' is {alignment}; expected a power of two from 8 to {MaximumAlignment}");
    }

    private GgufTensor[] ReadTensors(ulong count, uint alignment)
    {
        List<GgufTensor> relative = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        for (ulong i = 0; i < count; i++)
        {
            string name = _cursor.ReadName(MaximumTensorNameBytes, $"the name of tensor {i}");
            if (!names.Add(name))
            {
                throw _cursor.Malformed($"the tensor '{GgufCursor.Show(name)}' appears twice");
            }

            relative.Add(ReadTensor(name, alignment));
        }

        // Data begins at the next multiple of the alignment after the table.
        long start = (_cursor.Position + alignment - 1) / alignment * alignment;
        GgufTensor[] tensors = [.. relative.Select(tensor => Place(tensor, start))];
        CheckOverlaps(tensors);
        return tensors;
    }

    private GgufTensor ReadTensor(string name, uint alignment)
    {
        string shown = GgufCursor.Show(name);
        uint rank = _cursor.ReadUInt32($"the rank of tensor '{shown}'");
        if (rank is 0 or > MaximumRank)
        {
            throw Disagree($"tensor '{shown}' has {rank} dimensions; 1 to {MaximumRank} are allowed");
        }

        // The file names the fastest dimension first.
        ulong[] dimensions = new ulong[rank];
        for (int i = dimensions.Length - 1; i >= 0; i--)
        {
            dimensions[i] = _cursor.ReadUInt64($"the shape of tensor '{shown}'");
        }

        uint number = _cursor.ReadUInt32($"the type of tensor '{shown}'");
        GgufTensorFormat format = GgufTensorFormat.Of((GgufTensorType)number)
            ?? throw Disagree($"tensor '{shown}' has the unknown type {number}");
        long length = LengthOf(shown, dimensions, format);
        ulong offset = _cursor.ReadUInt64($"the offset of tensor '{shown}'");
        if (offset % alignment != 0)
        {
            throw Misplaced($"tensor '{shown}' begins at byte {offset} of the data, which is no multiple of the alignment, {alignment}");
        }

        return offset <= long.MaxValue
            ? new(name, format.Type, Array.ConvertAll(dimensions, d => (long)d).AsReadOnly(), (long)offset, length)
            : throw Misplaced($"tensor '{shown}' begins at byte {offset} of the data, and the file has {_map.Length} bytes");
    }

    private long LengthOf(string shown, ulong[] dimensions, GgufTensorFormat format)
    {
        string shape = $"[{string.Join(", ", dimensions)}]";
        UInt128 elements = 1;
        foreach (ulong dimension in dimensions)
        {
            elements *= dimension;
            if (elements == 0 || elements > long.MaxValue / 4)
            {
                throw Disagree($"the shape of tensor '{shown}', {shape}, has {(elements == 0 ? "no elements" : "too many elements")}");
            }
        }

        if (dimensions[^1] % (ulong)format.BlockElements != 0)
        {
            throw Disagree($"tensor '{shown}' has rows of {dimensions[^1]} elements, which blocks of {format.BlockElements} ({format.Type}) do not divide");
        }

        UInt128 bytes = elements / (ulong)format.BlockElements * (ulong)format.BlockBytes;
        return bytes <= (UInt128)_map.Length
            ? (long)bytes
            : throw Misplaced($"tensor '{shown}', {format.Type} {shape}, needs {bytes} bytes, and the file has {_map.Length}");
    }

    private GgufTensor Place(GgufTensor tensor, long start) =>
        start <= _map.Length && tensor.Offset <= _map.Length - start && tensor.Length <= _map.Length - start - tensor.Offset
            ? tensor with { Offset = start + tensor.Offset }
            : throw Misplaced($"tensor '{GgufCursor.Show(tensor.Name)}' lies at bytes {tensor.Offset}..{(Int128)tensor.Offset + tensor.Length} of the data, which has {Math.Max(0, _map.Length - start)}");

    private void CheckOverlaps(GgufTensor[] tensors)
    {
        GgufTensor[] ordered = [.. tensors.OrderBy(tensor => tensor.Offset)];
        for (int i = 1; i < ordered.Length; i++)
        {
            if (ordered[i].Offset < ordered[i - 1].Offset + ordered[i - 1].Length)
            {
                throw Misplaced($"tensors '{GgufCursor.Show(ordered[i - 1].Name)}' and '{GgufCursor.Show(ordered[i].Name)}' overlap");
            }
        }
    }

    private MobileQuantException NotGguf(string why) =>
        new("MQ2020", $"{_map.Path}: cannot be read as GGUF: {why}.", "Name a little-endian GGUF file of version 2 or 3, or download it again.");

    private MobileQuantException Disagree(string what) =>
        new("MQ2022", $"{_map.Path}: {what}.", "The file is damaged, or newer than this version; copy or download it again, or use another quantization of the model.");

    private MobileQuantException Misplaced(string what) =>
        new("MQ2023", $"{_map.Path}: {what}.", "The file is truncated or damaged; copy or download it again and compare its size.");
}
