using System.Buffers.Binary;
using System.Text;
using MobileQuant.Artifacts;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>Reads the header of a GGUF file from front to back. Every length is checked against what is left before it is used.</summary>
internal sealed class GgufCursor(MappedFile map)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The next byte, from the start of the file.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes from here to the end of the file.</summary>
    public long Left => map.Length - Position;

    public string Path => map.Path;

    public uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), what));

    public ulong ReadUInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong), what));

    /// <summary>Passes over <paramref name="count"/> items of <paramref name="size"/> bytes.</summary>
    public void Skip(ulong count, int size, string what)
    {
        if (count > (ulong)(Left / size))
        {
            throw Truncated(what, count, size);
        }

        Position += (long)count * size;
    }

    /// <summary>Passes over a string.</summary>
    public void SkipText(string what) => Skip(ReadUInt64(what), 1, what);

    /// <summary>A string of 1 to <paramref name="maximum"/> bytes.</summary>
    public string ReadName(int maximum, string what)
    {
        ulong length = ReadUInt64(what);
        if (length > (ulong)Left)
        {
            throw Truncated(what, length, 1);
        }

        if (length == 0 || length > (ulong)maximum)
        {
            throw Malformed($"{what} has {length} bytes; 1 to {maximum} are allowed");
        }

        return Decode(Take((int)length, what)) ?? throw Malformed($"{what}, at byte {Position - (long)length}, is not UTF-8");
    }

    /// <summary>The text of UTF-8 bytes, or null where they are not UTF-8.</summary>
    public static string? Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>A name from the file as it may stand in a message: short and without control characters.</summary>
    public static string Show(string name)
    {
        string text = name.Length > 80 ? name[..80] + "..." : name;
        return string.Concat(text.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
    }

    public MobileQuantException Malformed(string what) =>
        new("MQ2021", $"{Path}: the GGUF header is malformed: {what}.", "The file is damaged, or was written by a broken program; copy or download it again.");

    private ReadOnlySpan<byte> Take(int count, string what)
    {
        if (count > Left)
        {
            throw Truncated(what, (ulong)count, 1);
        }

        ReadOnlySpan<byte> bytes = map.Span(Position, count);
        Position += count;
        return bytes;
    }

    private MobileQuantException Truncated(string what, ulong count, int size)
    {
        string need = size == 1 ? $"{count} bytes" : $"{count} times {size} bytes";
        return new("MQ2020", $"{Path}: the file ends inside its header: {what}, at byte {Position}, needs {need}, but {Left} are left.", "The file is truncated or damaged; copy or download it again and compare its size.");
    }
}
