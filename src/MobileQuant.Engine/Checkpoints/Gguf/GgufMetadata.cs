using System.Buffers.Binary;
using MobileQuant.Artifacts;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>
/// The key-value pairs of a GGUF file. Values stay in the mapped file and are decoded when they are asked for, each time anew:
/// a vocabulary of 50,000 strings costs nothing until <see cref="TryGetStrings"/>. Usable until the file is disposed.
/// </summary>
/// <remarks>
/// All <c>TryGet</c> methods return false when there is no such key, and throw MQ2024 when there is one of another kind: a wrong
/// type is never taken for a missing value.
/// </remarks>
public sealed class GgufMetadata
{
    private readonly MappedFile _map;
    private readonly Dictionary<string, GgufValue> _values;

    internal GgufMetadata(MappedFile map, IReadOnlyList<string> keys, Dictionary<string, GgufValue> values)
    {
        _map = map;
        _values = values;
        Keys = keys;
    }

    /// <summary>The file, for messages.</summary>
    public string Path => _map.Path;

    /// <summary>All keys in the order of the file.</summary>
    public IReadOnlyList<string> Keys { get; }

    /// <summary>Whether there is such a key.</summary>
    /// <param name="key">Its exact name.</param>
    /// <returns>True for any type of value.</returns>
    public bool Contains(string key) => _values.ContainsKey(key);

    /// <summary>The type of a value; of an array, that of its elements.</summary>
    /// <param name="key">Its exact name.</param>
    /// <returns>The type, or null when there is no such key.</returns>
    public GgufValueType? TypeOf(string key) => _values.TryGetValue(key, out GgufValue value) ? value.Type : null;

    /// <summary>The number of elements of an array, known without reading them.</summary>
    /// <param name="key">Its exact name.</param>
    /// <returns>The count, or null when there is no such key or its value is no array.</returns>
    public long? ArrayLength(string key) => _values.TryGetValue(key, out GgufValue value) && value.IsArray ? value.Count : null;

    /// <summary>A string.</summary>
    /// <param name="key">Its exact name.</param>
    /// <param name="value">The text; empty when there is no such key.</param>
    /// <returns>False when there is no such key.</returns>
    /// <exception cref="MobileQuantException">MQ2024: not a string, or not UTF-8.</exception>
    public bool TryGetString(string key, out string value)
    {
        value = "";
        if (!TryFind(key, isArray: false, "a string", out GgufValue found, GgufValueType.Text))
        {
            return false;
        }

        long at = found.Offset;
        value = ReadText(key, ref at);
        return true;
    }

    /// <summary>A whole number from 0 to 2^32 - 1, whatever integer type the writer chose.</summary>
    /// <param name="key">Its exact name.</param>
    /// <param name="value">The number; 0 when there is no such key.</param>
    /// <returns>False when there is no such key.</returns>
    /// <exception cref="MobileQuantException">MQ2024: not a whole number, or outside of the range.</exception>
    public bool TryGetUInt32(string key, out uint value)
    {
        value = 0;
        if (!TryFind(key, isArray: false, "a whole number", out GgufValue found, IntegerTypes))
        {
            return false;
        }

        Int128 number = ReadInteger(found.Type, found.Offset);
        value = number >= 0 && number <= uint.MaxValue ? (uint)number : throw Wrong(key, $"a whole number from 0 to {uint.MaxValue}", number.ToString());
        return true;
    }

    /// <summary>A number with a fraction.</summary>
    /// <param name="key">Its exact name.</param>
    /// <param name="value">The number, which may be NaN or infinite; 0 when there is no such key.</param>
    /// <returns>False when there is no such key.</returns>
    /// <exception cref="MobileQuantException">MQ2024: not a Float32 or Float64.</exception>
    public bool TryGetFloat32(string key, out float value)
    {
        value = 0;
        if (!TryFind(key, isArray: false, "a number", out GgufValue found, GgufValueType.Float32, GgufValueType.Float64))
        {
            return false;
        }

        value = ReadFloat(found.Type, found.Offset);
        return true;
    }

    /// <summary>A truth value.</summary>
    /// <param name="key">Its exact name.</param>
    /// <param name="value">The value; false when there is no such key.</param>
    /// <returns>False when there is no such key.</returns>
    /// <exception cref="MobileQuantException">MQ2024: not a Boolean, or a byte other than 0 and 1.</exception>
    public bool TryGetBoolean(string key, out bool value)
    {
        value = false;
        if (!TryFind(key, isArray: false, "true or false", out GgufValue found, GgufValueType.Boolean))
        {
            return false;
        }

        byte stored = _map.Span(found.Offset, 1)[0];
        value = stored <= 1 ? stored == 1 : throw Wrong(key, "0 or 1", stored.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return true;
    }

    /// <summary>An array of strings.</summary>
    /// <param name="key">Its exact name.</param>
    /// <param name="values">The texts, a new array at each call; empty when there is no such key.</param>
    /// <returns>False when there is no such key.</returns>
    /// <exception cref="MobileQuantException">MQ2024: not an array of strings, or one of them is not UTF-8.</exception>
    public bool TryGetStrings(string key, out string[] values)
    {
        values = [];
        if (!TryFind(key, isArray: true, "an array of strings", out GgufValue found, GgufValueType.Text))
        {
            return false;
        }

        values = new string[CountOf(key, found)];
        long at = found.Offset;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ReadText(key, ref at);
        }

        return true;
    }

    /// <summary>An array of numbers with fractions.</summary>
    /// <param name="key">Its exact name.</param>
    /// <param name="values">The numbers, a new array at each call; empty when there is no such key.</param>
    /// <returns>False when there is no such key.</returns>
    /// <exception cref="MobileQuantException">MQ2024: not an array of Float32 or Float64.</exception>
    public bool TryGetFloats(string key, out float[] values)
    {
        values = [];
        if (!TryFind(key, isArray: true, "an array of numbers", out GgufValue found, GgufValueType.Float32, GgufValueType.Float64))
        {
            return false;
        }

        values = new float[CountOf(key, found)];
        int size = GgufValue.SizeOf(found.Type);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ReadFloat(found.Type, found.Offset + ((long)i * size));
        }

        return true;
    }

    /// <summary>An array of whole numbers, whatever integer type the writer chose.</summary>
    /// <param name="key">Its exact name.</param>
    /// <param name="values">The numbers, a new array at each call; empty when there is no such key.</param>
    /// <returns>False when there is no such key.</returns>
    /// <exception cref="MobileQuantException">MQ2024: not an array of whole numbers, or one of them needs more than 32 bits.</exception>
    public bool TryGetIntegers(string key, out int[] values)
    {
        values = [];
        if (!TryFind(key, isArray: true, "an array of whole numbers", out GgufValue found, IntegerTypes))
        {
            return false;
        }

        values = new int[CountOf(key, found)];
        int size = GgufValue.SizeOf(found.Type);
        for (int i = 0; i < values.Length; i++)
        {
            Int128 number = ReadInteger(found.Type, found.Offset + ((long)i * size));
            values[i] = number >= int.MinValue && number <= int.MaxValue ? (int)number : throw Wrong(key, "numbers of 32 bits", number.ToString());
        }

        return true;
    }

    /// <summary>The first elements of a value of any type, for listings: bytes that are not UTF-8 become replacement characters.</summary>
    /// <param name="key">Its exact name.</param>
    /// <param name="elements">Most elements of an array.</param>
    /// <param name="bytes">Most bytes of a string; longer ones are cut.</param>
    /// <returns>Each a <see cref="string"/>, <see cref="bool"/>, <see cref="float"/>, <see cref="double"/>, <see cref="long"/> or <see cref="ulong"/>; one for a value that is no array; empty when there is no such key.</returns>
    public IReadOnlyList<object> Preview(string key, int elements, int bytes)
    {
        if (!_values.TryGetValue(key, out GgufValue found))
        {
            return [];
        }

        List<object> values = [];
        long at = found.Offset;
        for (long i = 0; i < Math.Min(found.Count, elements); i++)
        {
            if (found.Type == GgufValueType.Text)
            {
                long length = (long)BinaryPrimitives.ReadUInt64LittleEndian(_map.Span(at, sizeof(ulong)));
                values.Add(System.Text.Encoding.UTF8.GetString(_map.Span(at + sizeof(ulong), (int)Math.Min(length, bytes))));
                at += sizeof(ulong) + length;
                continue;
            }

            values.Add(found.Type switch
            {
                GgufValueType.Boolean => _map.Span(at, 1)[0] != 0,
                GgufValueType.Float32 => ReadFloat(found.Type, at),
                GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(_map.Span(at, sizeof(double))),
                GgufValueType.UInt64 => (ulong)ReadInteger(found.Type, at),
                _ => (long)ReadInteger(found.Type, at),
            });
            at += GgufValue.SizeOf(found.Type);
        }

        return values;
    }

    /// <summary>An error about a value, with the file and the key in its message.</summary>
    /// <param name="key">The key.</param>
    /// <param name="expected">What should be there.</param>
    /// <param name="found">What is there.</param>
    internal MobileQuantException Wrong(string key, string expected, string found) =>
        new("MQ2024", $"{Path}: the metadata '{GgufCursor.Show(key)}' should be {expected}; found {found}.", "The file is damaged, or was converted by a broken program; use another file of the model.");

    private static GgufValueType[] IntegerTypes { get; } =
    [
        GgufValueType.UInt32, GgufValueType.Int32, GgufValueType.UInt64, GgufValueType.Int64,
        GgufValueType.UInt16, GgufValueType.Int16, GgufValueType.UInt8, GgufValueType.Int8,
    ];

    private bool TryFind(string key, bool isArray, string expected, out GgufValue found, params ReadOnlySpan<GgufValueType> types)
    {
        if (!_values.TryGetValue(key, out found))
        {
            return false;
        }

        return found.IsArray == isArray && types.Contains(found.Type) ? true : throw Wrong(key, expected, found.Description);
    }

    // No array of the file has more elements than the file has bytes, so what is allocated is bounded by the file.
    private int CountOf(string key, GgufValue found) =>
        found.Count <= Array.MaxLength ? (int)found.Count : throw Wrong(key, $"at most {Array.MaxLength} elements", found.Description);

    private string ReadText(string key, ref long at)
    {
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(_map.Span(at, sizeof(ulong)));
        if (length > int.MaxValue)
        {
            throw Wrong(key, $"text of at most {int.MaxValue} bytes", $"{length} bytes");
        }

        string text = GgufCursor.Decode(_map.Span(at + sizeof(ulong), (int)length)) ?? throw Wrong(key, "UTF-8", $"other bytes at {at + sizeof(ulong)}");
        at += sizeof(ulong) + (long)length;
        return text;
    }

    private Int128 ReadInteger(GgufValueType type, long offset)
    {
        ReadOnlySpan<byte> bytes = _map.Span(offset, GgufValue.SizeOf(type));
        return type switch
        {
            GgufValueType.UInt8 => bytes[0],
            GgufValueType.Int8 => (sbyte)bytes[0],
            GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            GgufValueType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            GgufValueType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            _ => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        };
    }

    private float ReadFloat(GgufValueType type, long offset)
    {
        ReadOnlySpan<byte> bytes = _map.Span(offset, GgufValue.SizeOf(type));
        return type == GgufValueType.Float32 ? BinaryPrimitives.ReadSingleLittleEndian(bytes) : (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes);
    }
}
