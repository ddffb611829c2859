using System.Buffers.Binary;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>
/// Blocks of 256 elements made of 8 or 16 parts, each with a small integer scale (and for some types an integer offset) times
/// half-precision factors of the block. Scale times factor is rounded to float32 before it meets the code, as the format's
/// reference does, so that values agree to the bit.
/// </summary>
internal static class SuperBlocks
{
    private const int Elements = 256;

    /// <summary>Q2_K: 16 bytes of scale and offset nibbles, 64 bytes of codes u2, d, dmin: d * scale * q - dmin * offset, parts of 16.</summary>
    public static void DecodeQ2(ReadOnlySpan<byte> blocks, Span<float> destination)
    {
        for (; !destination.IsEmpty; blocks = blocks[84..], destination = destination[Elements..])
        {
            float d = ReadHalf(blocks[80..]);
            float dmin = ReadHalf(blocks[82..]);
            for (int part = 0; part < 16; part++)
            {
                float scale = d * (blocks[part] & 15);
                float offset = dmin * (blocks[part] >> 4);
                ReadOnlySpan<byte> codes = QuarterCodes(blocks.Slice(16, 64), part, out int shift);
                Span<float> values = destination.Slice(part * 16, 16);
                for (int j = 0; j < values.Length; j++)
                {
                    values[j] = (scale * ((codes[j] >> shift) & 3)) - offset;
                }
            }
        }
    }

    /// <summary>Q3_K: 32 bytes of third bits, 64 bytes of codes u2, 12 bytes of 16 6-bit scales, d: d * (scale - 32) * (q - 4), parts of 16.</summary>
    public static void DecodeQ3(ReadOnlySpan<byte> blocks, Span<float> destination)
    {
        for (; !destination.IsEmpty; blocks = blocks[110..], destination = destination[Elements..])
        {
            float d = ReadHalf(blocks[108..]);
            ReadOnlySpan<byte> packed = blocks.Slice(96, 12);
            for (int part = 0; part < 16; part++)
            {
                int nibble = part < 8 ? packed[part] & 15 : packed[part - 8] >> 4;
                int upper = (packed[8 + (part % 4)] >> (2 * (part / 4))) & 3;
                float scale = d * ((nibble | (upper << 4)) - 32);
                ReadOnlySpan<byte> codes = QuarterCodes(blocks.Slice(32, 64), part, out int shift);

                // The third bits of part pair n lie in bit n of the 32 bytes.
                ReadOnlySpan<byte> third = blocks.Slice(part % 2 * 16, 16);
                int bit = part / 2;
                Span<float> values = destination.Slice(part * 16, 16);
                for (int j = 0; j < values.Length; j++)
                {
                    values[j] = scale * ((((codes[j] >> shift) & 3) | (((third[j] >> bit) & 1) << 2)) - 4);
                }
            }
        }
    }

    /// <summary>Q4_K: d, dmin, 12 bytes of 8 6-bit scales and offsets, 128 bytes of codes u4: d * scale * q - dmin * offset, parts of 32.</summary>
    public static void DecodeQ4(ReadOnlySpan<byte> blocks, Span<float> destination)
    {
        for (; !destination.IsEmpty; blocks = blocks[144..], destination = destination[Elements..])
        {
            for (int part = 0; part < 8; part++)
            {
                (float scale, float offset) = ReadScale(blocks, part);
                ReadOnlySpan<byte> codes = blocks.Slice(16 + (part / 2 * 32), 32);
                int shift = part % 2 * 4;
                Span<float> values = destination.Slice(part * 32, 32);
                for (int j = 0; j < values.Length; j++)
                {
                    values[j] = (scale * ((codes[j] >> shift) & 15)) - offset;
                }
            }
        }
    }

    /// <summary>Q5_K: as Q4_K, with 32 bytes of fifth bits before the codes; those of part n lie in bit n.</summary>
    public static void DecodeQ5(ReadOnlySpan<byte> blocks, Span<float> destination)
    {
        for (; !destination.IsEmpty; blocks = blocks[176..], destination = destination[Elements..])
        {
            ReadOnlySpan<byte> fifth = blocks.Slice(16, 32);
            for (int part = 0; part < 8; part++)
            {
                (float scale, float offset) = ReadScale(blocks, part);
                ReadOnlySpan<byte> codes = blocks.Slice(48 + (part / 2 * 32), 32);
                int shift = part % 2 * 4;
                Span<float> values = destination.Slice(part * 32, 32);
                for (int j = 0; j < values.Length; j++)
                {
                    values[j] = (scale * (((codes[j] >> shift) & 15) | (((fifth[j] >> part) & 1) << 4))) - offset;
                }
            }
        }
    }

    /// <summary>Q6_K: 128 bytes of low nibbles, 64 bytes of upper bit pairs, 16 scales s8, d: d * scale * (q - 32), parts of 16.</summary>
    public static void DecodeQ6(ReadOnlySpan<byte> blocks, Span<float> destination)
    {
        for (; !destination.IsEmpty; blocks = blocks[210..], destination = destination[Elements..])
        {
            float d = ReadHalf(blocks[208..]);
            for (int part = 0; part < 16; part++)
            {
                // Half a block of 128 elements: four runs of 32; runs 0 and 1 are low nibbles of 64 bytes, 2 and 3 their high ones.
                int half = part / 8;
                int run = part / 2 % 4;
                int within = part % 2 * 16;
                ReadOnlySpan<byte> nibbles = blocks.Slice((half * 64) + (run % 2 * 32) + within, 16);
                ReadOnlySpan<byte> upper = blocks.Slice(128 + (half * 32) + within, 16);
                int nibbleShift = run / 2 * 4;
                int upperShift = run * 2;
                float scale = d * (sbyte)blocks[192 + part];
                Span<float> values = destination.Slice(part * 16, 16);
                for (int j = 0; j < values.Length; j++)
                {
                    values[j] = scale * ((((nibbles[j] >> nibbleShift) & 15) | (((upper[j] >> upperShift) & 3) << 4)) - 32);
                }
            }
        }
    }

    // Each half of a block, 128 elements, has 32 bytes: run r of 32 elements is in bits 2r and 2r + 1 of them.
    private static ReadOnlySpan<byte> QuarterCodes(ReadOnlySpan<byte> codes, int part, out int shift)
    {
        shift = part / 2 % 4 * 2;
        return codes.Slice((part / 8 * 32) + (part % 2 * 16), 16);
    }

    // Scales and offsets of parts 0 to 3 are the low 6 bits of bytes 0 to 7; those of parts 4 to 7 take a nibble from bytes 8 to 11
    // and their upper bits from what is left of bytes 0 to 7.
    private static (float Scale, float Offset) ReadScale(ReadOnlySpan<byte> block, int part)
    {
        ReadOnlySpan<byte> packed = block.Slice(4, 12);
        (int scale, int offset) = part < 4
            ? (packed[part] & 63, packed[part + 4] & 63)
            : ((packed[part + 4] & 15) | (packed[part - 4] >> 6 << 4), (packed[part + 4] >> 4) | (packed[part] >> 6 << 4));
        return (ReadHalf(block) * scale, ReadHalf(block[2..]) * offset);
    }

    private static float ReadHalf(ReadOnlySpan<byte> source) => (float)BinaryPrimitives.ReadHalfLittleEndian(source);
}
