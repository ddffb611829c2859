using System.Buffers.Binary;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>Blocks whose 4-bit codes stand for 16 unevenly spaced levels.</summary>
/// <remarks>Nibbles: byte j holds element j in its low half and element j + 16 in its high half.</remarks>
internal static class NonlinearBlocks
{
    private const int Half = 16;
    private const int Elements = 256;

    private static ReadOnlySpan<sbyte> Levels => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>IQ4_NL: d, 32 codes: d * level.</summary>
    public static void DecodeSmall(ReadOnlySpan<byte> blocks, Span<float> destination)
    {
        for (; !destination.IsEmpty; blocks = blocks[18..], destination = destination[(2 * Half)..])
        {
            DecodeLevels((float)BinaryPrimitives.ReadHalfLittleEndian(blocks), blocks.Slice(2, Half), destination);
        }
    }

    /// <summary>IQ4_XS: d, high bits of 8 scales in 16 bits, low nibbles of the scales in 4 bytes, 8 times 32 codes: d * (scale - 32) * level.</summary>
    public static void DecodeSuper(ReadOnlySpan<byte> blocks, Span<float> destination)
    {
        for (; !destination.IsEmpty; blocks = blocks[136..], destination = destination[Elements..])
        {
            float d = (float)BinaryPrimitives.ReadHalfLittleEndian(blocks);
            int high = BinaryPrimitives.ReadUInt16LittleEndian(blocks[2..]);
            for (int part = 0; part < 8; part++)
            {
                int scale = ((blocks[4 + (part / 2)] >> (4 * (part % 2))) & 15) | (((high >> (2 * part)) & 3) << 4);
                DecodeLevels(d * (scale - 32), blocks.Slice(8 + (part * Half), Half), destination[(part * 2 * Half)..]);
            }
        }
    }

    private static void DecodeLevels(float scale, ReadOnlySpan<byte> codes, Span<float> destination)
    {
        Span<float> low = destination[..Half];
        Span<float> high = destination.Slice(Half, Half);
        for (int j = 0; j < codes.Length; j++)
        {
            low[j] = scale * Levels[codes[j] & 15];
            high[j] = scale * Levels[codes[j] >> 4];
        }
    }
}
