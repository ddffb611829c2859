namespace MobileQuant.Checkpoints.Gguf;

/// <summary>Where a metadata value lies; it has been checked to lie inside the file.</summary>
/// <param name="Type">Its type; of an array, that of its elements.</param>
/// <param name="IsArray">Whether it is an array.</param>
/// <param name="Offset">First byte of the value, or of an array's first element.</param>
/// <param name="Count">1, or an array's number of elements.</param>
internal readonly record struct GgufValue(GgufValueType Type, bool IsArray, long Offset, long Count)
{
    /// <summary>The type as messages call it.</summary>
    public string Description => IsArray ? $"an array of {Count} {Type}" : Type.ToString();

    /// <summary>Bytes of a value of a fixed size, 0 for text, arrays and unknown types.</summary>
    public static int SizeOf(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Boolean => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => 0,
    };
}
