using System.Buffers.Binary;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>
/// Blocks of 32 elements with a half-precision scale d, and for the second form of each width an offset m. Products and sums
/// are rounded to float32 one after the other, as the format's reference does, so that values agree to the bit.
/// </summary>
/// <remarks>Nibbles: byte j holds element j in its low half and element j + 16 in its high half.</remarks>
internal static class SmallBlocks
{
    private const int Elements = 32;
    private const int Half = Elements / 2;

    /// <summary>d, 32 codes s8: d * q.</summary>
    public static void DecodeQ80(ReadOnlySpan<byte> blocks, Span<float> destination)
    {
        for (; !destination.IsEmpty; blocks = blocks[34..], destination = destination[Elements..])
        {
            float d = ReadHalf(blocks);
            ReadOnlySpan<byte> codes = blocks.Slice(2, Elements);
            Span<float> values = destination[..Elements];
            for (int j = 0; j < values.Length; j++)
            {
                values[j] = (sbyte)codes[j] * d;
            }
        }
    }

    /// <summary>d, 32 codes u4: d * (q - 8).</summary>
    public static void DecodeQ40(ReadOnlySpan<byte> blocks, Span<float> destination)
    {
        for (; !destination.IsEmpty; blocks = blocks[18..], destination = destination[Elements..])
        {
            float d = ReadHalf(blocks);
            ReadOnlySpan<byte> codes = blocks.Slice(2, Half);
            Span<float> low = destination[..Half];
            Span<float> high = destination.Slice(Half, Half);
            for (int j = 0; j < codes.Length; j++)
            {
                low[j] = ((codes[j] & 15) - 8) * d;
                high[j] = ((codes[j] >> 4) - 8) * d;
            }
        }
    }

    /// <summary>d, m, 32 codes u4: d * q + m.</summary>
    public static void DecodeQ41(ReadOnlySpan<byte> blocks, Span<float> destination)
    {
        for (; !destination.IsEmpty; blocks = blocks[20..], destination = destination[Elements..])
        {
            float d = ReadHalf(blocks);
            float m = ReadHalf(blocks[2..]);
            ReadOnlySpan<byte> codes = blocks.Slice(4, Half);
            Span<float> low = destination[..Half];
            Span<float> high = destination.Slice(Half, Half);
            for (int j = 0; j < codes.Length; j++)
            {
                low[j] = ((codes[j] & 15) * d) + m;
                high[j] = ((codes[j] >> 4) * d) + m;
            }
        }
    }

    /// <summary>d, 32 fifth bits, 32 codes u4: d * (q - 16).</summary>
    public static void DecodeQ50(ReadOnlySpan<byte> blocks, Span<float> destination)
    {
        for (; !destination.IsEmpty; blocks = blocks[22..], destination = destination[Elements..])
        {
            float d = ReadHalf(blocks);
            uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(blocks[2..]);
            ReadOnlySpan<byte> codes = blocks.Slice(6, Half);
            Span<float> low = destination[..Half];
            Span<float> high = destination.Slice(Half, Half);
            for (int j = 0; j < codes.Length; j++)
            {
                low[j] = (LowCode(codes[j], fifth, j) - 16) * d;
                high[j] = (HighCode(codes[j], fifth, j) - 16) * d;
            }
        }
    }

    /// <summary>d, m, 32 fifth bits, 32 codes u4: d * q + m.</summary>
    public static void DecodeQ51(ReadOnlySpan<byte> blocks, Span<float> destination)
    {
        for (; !destination.IsEmpty; blocks = blocks[24..], destination = destination[Elements..])
        {
            float d = ReadHalf(blocks);
            float m = ReadHalf(blocks[2..]);
            uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(blocks[4..]);
            ReadOnlySpan<byte> codes = blocks.Slice(8, Half);
            Span<float> low = destination[..Half];
            Span<float> high = destination.Slice(Half, Half);
            for (int j = 0; j < codes.Length; j++)
            {
                low[j] = (LowCode(codes[j], fifth, j) * d) + m;
                high[j] = (HighCode(codes[j], fifth, j) * d) + m;
            }
        }
    }

    // Bit e of the fifth bits belongs to element e.
    private static int LowCode(byte codes, uint fifth, int j) => (codes & 15) | (int)(((fifth >> j) & 1) << 4);

    private static int HighCode(byte codes, uint fifth, int j) => (codes >> 4) | (int)(((fifth >> (j + Half)) & 1) << 4);

    private static float ReadHalf(ReadOnlySpan<byte> source) => (float)BinaryPrimitives.ReadHalfLittleEndian(source);
}
