using System.Text.Json;

namespace MobileQuant.Artifacts;

/// <summary>The header of a safetensors file, parsed and checked against the size of the file.</summary>
internal sealed class SafetensorsHeader
{
    /// <summary>What the official reader allows too.</summary>
    public const int MaximumBytes = 100_000_000;

    private const int MaximumNameLength = 1024;
    private const int MaximumRank = 16;

    private readonly string _path;
    private readonly long _dataStart;
    private readonly long _dataLength;
    private readonly Dictionary<string, TensorEntry> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private SafetensorsHeader(string path, long dataStart, long fileLength)
    {
        _path = path;
        _dataStart = dataStart;
        _dataLength = fileLength - dataStart;
    }

    public IReadOnlyDictionary<string, TensorEntry> Tensors => _tensors;

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Parses the header.</summary>
    /// <param name="json">Its bytes.</param>
    /// <param name="path">For messages.</param>
    /// <param name="dataStart">Where tensor data begins, from the start of the file.</param>
    /// <param name="fileLength">Bytes of the file.</param>
    /// <exception cref="MobileQuantException">MQ2011, MQ2012, MQ2013.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, string path, long dataStart, long fileLength)
    {
        SafetensorsHeader header = new(path, dataStart, fileLength);
        try
        {
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 8 });
            header.ReadRoot(ref reader);
        }
        catch (JsonException e)
        {
            throw new MobileQuantException("MQ2011", $"{path}: the header is not valid JSON: {e.Message}", "The file is damaged; copy or download it again.", e);
        }
        catch (InvalidOperationException e)
        {
            // What Utf8JsonReader.GetString throws for text that is not UTF-8.
            throw new MobileQuantException("MQ2011", $"{path}: the header holds text that is not UTF-8.", "The file is damaged; copy or download it again.", e);
        }

        header.CheckOverlaps();
        return header;
    }

    private void ReadRoot(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "an object");
        HashSet<string> names = new(StringComparer.Ordinal);
        while (ReadPropertyName(ref reader) is { } name)
        {
            if (!names.Add(name))
            {
                throw Malformed($"the name '{name}' appears twice");
            }

            if (name == "__metadata__")
            {
                ReadMetadata(ref reader);
            }
            else
            {
                _tensors.Add(name, ReadTensor(ref reader, name));
            }
        }

        // The format pads the header with spaces, which the reader skips; anything else is an error.
        if (reader.Read())
        {
            throw Malformed("something follows the object");
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "an object for __metadata__");
        while (ReadPropertyName(ref reader) is { } key)
        {
            Expect(ref reader, JsonTokenType.String, $"a string for __metadata__ '{key}'");
            if (!_metadata.TryAdd(key, reader.GetString()!))
            {
                throw Malformed($"__metadata__ names '{key}' twice");
            }
        }
    }

    private TensorEntry ReadTensor(ref Utf8JsonReader reader, string name)
    {
        string? dtype = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, $"an object for tensor '{name}'");
        while (ReadPropertyName(ref reader) is { } field)
        {
            switch (field)
            {
                case "dtype" when dtype is null:
                    Expect(ref reader, JsonTokenType.String, $"a string for dtype of '{name}'");
                    dtype = reader.GetString();
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, name, MaximumRank);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, name, 2);
                    break;
                default:
                    throw Malformed($"tensor '{name}' has an unknown or repeated field '{field}'");
            }
        }

        if (dtype is null || shape is null || offsets is not { Count: 2 })
        {
            throw Malformed($"tensor '{name}' needs dtype, shape and two data_offsets");
        }

        return Check(name, dtype, shape, offsets[0], offsets[1]);
    }

    private TensorEntry Check(string name, string dtype, List<long> shape, long begin, long end)
    {
        if (SafetensorsType.BytesOf(dtype) is not { } elementBytes)
        {
            throw new MobileQuantException("MQ2012", $"{_path}: tensor '{name}' has the unknown type '{dtype}'.");
        }

        Int128 bytes = elementBytes;
        foreach (long dimension in shape)
        {
            bytes *= dimension;
            if (bytes > long.MaxValue)
            {
                throw new MobileQuantException("MQ2012", $"{_path}: the shape of tensor '{name}', [{string.Join(", ", shape)}], is too large.");
            }
        }

        if (begin > end || end > _dataLength)
        {
            throw new MobileQuantException(
                "MQ2013",
                $"{_path}: tensor '{name}' lies at bytes {begin}..{end} of the data, which has {_dataLength}.",
                "The file is truncated or damaged; copy or download it again.");
        }

        if (bytes != end - begin)
        {
            throw new MobileQuantException(
                "MQ2012", $"{_path}: tensor '{name}', {dtype} [{string.Join(", ", shape)}], needs {bytes} bytes, but its offsets give {end - begin}.");
        }

        return new(name, dtype, shape.AsReadOnly(), _dataStart + begin, end - begin);
    }

    private void CheckOverlaps()
    {
        TensorEntry[] ordered = [.. _tensors.Values.Where(t => t.Length > 0).OrderBy(t => t.Offset)];
        for (int i = 1; i < ordered.Length; i++)
        {
            if (ordered[i].Offset < ordered[i - 1].Offset + ordered[i - 1].Length)
            {
                throw new MobileQuantException(
                    "MQ2013", $"{_path}: tensors '{ordered[i - 1].Name}' and '{ordered[i].Name}' overlap.", "The file is damaged; copy or download it again.");
            }
        }
    }

    private List<long> ReadNumbers(ref Utf8JsonReader reader, string name, int limit)
    {
        Expect(ref reader, JsonTokenType.StartArray, $"an array in tensor '{name}'");
        List<long> numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long value) || value < 0 || numbers.Count == limit)
            {
                throw Malformed($"tensor '{name}' has a shape or offset that is not a short list of whole numbers from 0 to 2^63-1");
            }

            numbers.Add(value);
        }

        return numbers;
    }

    private string? ReadPropertyName(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndObject)
        {
            return null;
        }

        return reader.ValueSpan.Length <= MaximumNameLength
            ? reader.GetString()
            : throw Malformed($"a name has more than {MaximumNameLength} bytes");
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (!reader.Read() || reader.TokenType != type)
        {
            throw Malformed($"expected {what}, found {reader.TokenType}");
        }
    }

    private MobileQuantException Malformed(string what) =>
        new("MQ2011", $"{_path}: the safetensors header is malformed: {what}.", "The file is damaged; copy or download it again.");
}
