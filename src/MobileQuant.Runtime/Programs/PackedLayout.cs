namespace MobileQuant.Programs;

/// <summary>Sizes, packing and unpacking of the weight layouts. Kernels read the bytes; everybody else asks here.</summary>
internal static class PackedLayout
{
    public static int PaddedInputSize(WeightFormat format, int inputSize) => format switch
    {
        WeightFormat.S8 => (inputSize + 3) & ~3,
        WeightFormat.S4 or WeightFormat.S4B64 or WeightFormat.S4B32 => (inputSize + 7) & ~7,
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>Columns that share a block scale; 0 for formats without blocks.</summary>
    public static int BlockSize(WeightFormat format) => format switch
    {
        WeightFormat.S4B64 => 64,
        WeightFormat.S4B32 => 32,
        _ => 0,
    };

    /// <summary>Blocks of a row, the last one possibly shorter; 0 for formats without blocks.</summary>
    public static int BlockCount(WeightFormat format, int inputSize) =>
        BlockSize(format) is var size and > 0 ? (inputSize + size - 1) / size : 0;

    public static long TileBytes(WeightFormat format, int inputSize)
    {
        long codes = (long)PaddedInputSize(format, inputSize) * LinearProgram.TileRows;
        return (BlockCount(format, inputSize) * BlockHeader.Bytes) + (format == WeightFormat.S8 ? codes : codes / 2);
    }

    /// <summary>Where the bytes of a tile from a column on begin.</summary>
    /// <param name="format">The layout.</param>
    /// <param name="column">A multiple of 8, or of 4 for S8; with blocks a multiple of their size, and it is their header that begins there.</param>
    public static long GroupOffset(WeightFormat format, int column)
    {
        int size = BlockSize(format);
        long headers = size == 0 ? 0 : column / size * BlockHeader.Bytes;
        return headers + ((long)column * LinearProgram.TileRows / (format == WeightFormat.S8 ? 1 : 2));
    }

    public static long TotalBytes(WeightFormat format, int outputSize, int inputSize) =>
        TileBytes(format, inputSize) * ((outputSize + LinearProgram.TileRows - 1) / LinearProgram.TileRows);

    /// <summary>Packs row-major codes <c>[N, K]</c>.</summary>
    /// <param name="format">The layout.</param>
    /// <param name="codes">s8 codes in [-127, 127], or s4 codes in [-8, 7], one per byte.</param>
    /// <param name="outputSize">N.</param>
    /// <param name="inputSize">K.</param>
    /// <param name="packed">Receives <see cref="TotalBytes"/> bytes.</param>
    /// <param name="blockScales">[N, blocks] in 1..63, for formats with blocks.</param>
    /// <param name="blockZeroPoints">[N, blocks] in [-8, 7]; empty when all are 0.</param>
    public static void Pack(
        WeightFormat format,
        ReadOnlySpan<sbyte> codes,
        int outputSize,
        int inputSize,
        Span<byte> packed,
        ReadOnlySpan<byte> blockScales = default,
        ReadOnlySpan<sbyte> blockZeroPoints = default)
    {
        int tileBytes = checked((int)TileBytes(format, inputSize));
        int blocks = BlockCount(format, inputSize);
        packed.Fill(format == WeightFormat.S4 ? (byte)0x88 : (byte)0);
        for (int n = 0; n < outputSize; n++)
        {
            Span<byte> tile = packed.Slice(n / LinearProgram.TileRows * tileBytes, tileBytes);
            int row = n % LinearProgram.TileRows;
            for (int b = 0; b < blocks; b++)
            {
                int zero = blockZeroPoints.IsEmpty ? 0 : blockZeroPoints[(n * blocks) + b];
                BlockHeader.Set(tile[HeaderOffset(format, b)..], row, blockScales[(n * blocks) + b], zero);
            }

            ReadOnlySpan<sbyte> source = codes.Slice(n * inputSize, inputSize);
            for (int k = 0; k < inputSize; k++)
            {
                Set(format, tile, row, k, source[k]);
            }
        }
    }

    /// <summary>Scale and zero point of block b of row n of packed weights.</summary>
    public static (int Scale, int ZeroPoint) BlockAt(WeightFormat format, ReadOnlySpan<byte> packed, int inputSize, int n, int b)
    {
        int tileBytes = checked((int)TileBytes(format, inputSize));
        ReadOnlySpan<byte> tile = packed.Slice(n / LinearProgram.TileRows * tileBytes, tileBytes);
        return BlockHeader.Get(tile[HeaderOffset(format, b)..], n % LinearProgram.TileRows);
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

        byte pair = tile[PairOffset(format, row, k)];
        return ((k & 4) == 0 ? pair & 15 : pair >> 4) - 8;
    }

    private static int HeaderOffset(WeightFormat format, int block) => (int)GroupOffset(format, block * BlockSize(format));

    private static int PairOffset(WeightFormat format, int row, int k)
    {
        int headers = BlockSize(format) is var size and > 0 ? ((k / size) + 1) * BlockHeader.Bytes : 0;
        return headers + (k / 8 * 64) + (row * 4) + (k % 4);
    }

    private static void Set(WeightFormat format, Span<byte> tile, int row, int k, sbyte code)
    {
        if (format == WeightFormat.S8)
        {
            tile[(k / 4 * 64) + (row * 4) + (k % 4)] = (byte)code;
            return;
        }

        ref byte pair = ref tile[PairOffset(format, row, k)];
        int nibble = (code + 8) & 15;
        pair = (byte)((k & 4) == 0 ? (pair & 0xF0) | nibble : (pair & 0x0F) | (nibble << 4));
    }
}
