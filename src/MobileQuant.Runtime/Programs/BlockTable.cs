namespace MobileQuant.Programs;

/// <summary>
/// The scales and zero points of a tile's blocks, in front of its nibbles: 20 bytes for each block of 16 rows, ten bits a row,
/// the whole rounded up to 64 bytes so that the nibbles stay on cache lines.
/// <code>
/// byte i in 0..7   low four bits of the scale of row i, and of row i + 8 above them
/// byte 8 + i       zero point + 8 of row i, and of row i + 8 above it
/// byte 16 + j      upper two bits of the scale of row j, and above them of rows j + 4, j + 8 and j + 12
/// </code>
/// Scales are in 1..63; no bytes can say more, so a reader has nothing to check.
/// </summary>
internal static class BlockTable
{
    /// <summary>Bytes of one block of 16 rows.</summary>
    public const int EntryBytes = 20;

    /// <summary>Bytes of the table of a tile; 0 for formats without blocks.</summary>
    public static int Bytes(WeightFormat format, int inputSize) => ((PackedLayout.BlockCount(format, inputSize) * EntryBytes) + 63) & ~63;

    /// <summary>Writes a row's scale and zero point into an entry of zeros.</summary>
    public static void Set(Span<byte> entry, int row, int scale, int zeroPoint)
    {
        int half = row / 8 * 4;
        entry[row % 8] |= (byte)((scale & 15) << half);
        entry[8 + (row % 8)] |= (byte)((zeroPoint + 8) << half);
        entry[16 + (row % 4)] |= (byte)(scale >> 4 << (row / 4 * 2));
    }

    /// <summary>Reads a row's scale and zero point.</summary>
    public static (int Scale, int ZeroPoint) Get(ReadOnlySpan<byte> entry, int row)
    {
        int half = row / 8 * 4;
        int upper = (entry[16 + (row % 4)] >> (row / 4 * 2)) & 3;
        return (((entry[row % 8] >> half) & 15) | (upper << 4), ((entry[8 + (row % 8)] >> half) & 15) - 8);
    }
}
