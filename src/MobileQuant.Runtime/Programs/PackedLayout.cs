namespace MobileQuant.Programs;

/// <summary>Sizes, packing and unpacking of the weight layouts. Kernels read the bytes; everybody else asks here.</summary>
internal static class PackedLayout
{
    public static int PaddedInputSize(WeightFormat format, int inputSize) => format switch
    {
        WeightFormat.S8 => (inputSize + 3) & ~3,
        WeightFormat.S4 => (inputSize + 7) & ~7,
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    public static long TileBytes(WeightFormat format, int inputSize)
    {
        long codes = (long)PaddedInputSize(format, inputSize) * LinearProgram.TileRows;
        return format == WeightFormat.S8 ? codes : codes / 2;
    }

    public static long TotalBytes(WeightFormat format, int outputSize, int inputSize) =>
        TileBytes(format, inputSize) * ((outputSize + LinearProgram.TileRows - 1) / LinearProgram.TileRows);

    /// <summary>Packs row-major codes <c>[N, K]</c>.</summary>
    /// <param name="format">The layout.</param>
    /// <param name="codes">s8 codes in [-127, 127], or s4 codes in [-8, 7], one per byte.</param>
    /// <param name="outputSize">N.</param>
    /// <param name="inputSize">K.</param>
    /// <param name="packed">Receives <see cref="TotalBytes"/> bytes.</param>
    public static void Pack(WeightFormat format, ReadOnlySpan<sbyte> codes, int outputSize, int inputSize, Span<byte> packed)
    {
        int tileBytes = checked((int)TileBytes(format, inputSize));
        packed.Fill(format == WeightFormat.S8 ? (byte)0 : (byte)0x88);
        for (int n = 0; n < outputSize; n++)
        {
            Span<byte> tile = packed.Slice(n / LinearProgram.TileRows * tileBytes, tileBytes);
            int row = n % LinearProgram.TileRows;
            ReadOnlySpan<sbyte> source = codes.Slice(n * inputSize, inputSize);
            for (int k = 0; k < inputSize; k++)
            {
                Set(format, tile, row, k, source[k]);
            }
        }
    }

    /// <summary>The code at [n, k] of packed weights.</summary>
    public static int CodeAt(WeightFormat format, ReadOnlySpan<byte> packed, int inputSize, int n, int k)
    {
        int tileBytes = checked((int)TileBytes(format, inputSize));
        ReadOnlySpan<byte> tile = packed.Slice(n / LinearProgram.TileRows * tileBytes, tileBytes);
        int row = n % LinearProgram.TileRows;
        if (format == WeightFormat.S8)
        {
            return (sbyte)tile[(k / 4 * 64) + (row * 4) + (k % 4)];
        }

        byte pair = tile[(k / 8 * 64) + (row * 4) + (k % 4)];
        return ((k & 4) == 0 ? pair & 15 : pair >> 4) - 8;
    }

    private static void Set(WeightFormat format, Span<byte> tile, int row, int k, sbyte code)
    {
        if (format == WeightFormat.S8)
        {
            tile[(k / 4 * 64) + (row * 4) + (k % 4)] = (byte)code;
            return;
        }

        ref byte pair = ref tile[(k / 8 * 64) + (row * 4) + (k % 4)];
        int nibble = (code + 8) & 15;
        pair = (byte)((k & 4) == 0 ? (pair & 0xF0) | nibble : (pair & 0x0F) | (nibble << 4));
    }
}
