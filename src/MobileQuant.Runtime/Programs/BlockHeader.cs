namespace MobileQuant.Programs;

/// <summary>
/// The scales and zero points of 16 rows in one block of columns, ten bits a row, right in front of the block's nibbles: a
/// tile stays one stream without jumps, which the processor can fetch ahead.
/// <code>
/// byte i in 0..7   low four bits of the scale of row i, and of row i + 8 above them
/// byte 8 + i       zero point + 8 of row i, and of row i + 8 above it
/// byte 16 + j      upper two bits of the scale of row j, and above them of rows j + 4, j + 8 and j + 12
/// </code>
/// Scales are in 1..63; no bytes can say more than 63, so a reader has nothing to check.
/// </summary>
internal static class BlockHeader
{
    /// <summary>Bytes of a header.</summary>
    public const int Bytes = 20;

    /// <summary>Writes a row's scale and zero point into a header of zeros.</summary>
    public static void Set(Span<byte> header, int row, int scale, int zeroPoint)
    {
        int half = row / 8 * 4;
        header[row % 8] |= (byte)((scale & 15) << half);
        header[8 + (row % 8)] |= (byte)((zeroPoint + 8) << half);
        header[16 + (row % 4)] |= (byte)(scale >> 4 << (row / 4 * 2));
    }

    /// <summary>Reads a row's scale and zero point.</summary>
    public static (int Scale, int ZeroPoint) Get(ReadOnlySpan<byte> header, int row)
    {
        int half = row / 8 * 4;
        int upper = (header[16 + (row % 4)] >> (row / 4 * 2)) & 3;
        return (((header[row % 8] >> half) & 15) | (upper << 4), ((header[8 + (row % 8)] >> half) & 15) - 8);
    }
}
