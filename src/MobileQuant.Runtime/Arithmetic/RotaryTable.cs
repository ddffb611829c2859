namespace MobileQuant.Arithmetic;

/// <summary>Rotary position embedding in integers, with tables derived from phase increments by integer arithmetic alone.</summary>
/// <remarks>
/// A pair's angle at position p is <c>p * increment mod 2^64</c> in units of 2^-64 turns, so no precision is lost at long
/// contexts; library sin and cos, which differ between platforms, are never called.
/// </remarks>
internal static class RotaryTable
{
    /// <summary>Fraction bits of the table: cos and sin are s16 in [-32767, 32767].</summary>
    public const int FractionBits = 15;

    // pi/2 in Q30.
    private const long HalfPi = 1_686_629_713;
    private const long One = 1L << 30;

    /// <summary>Phase increment of a pair: <c>frequency / (2 pi) * 2^64</c> for an angle of frequency radians per position. Build-time.</summary>
    /// <param name="frequency">Radians per position, in [0, 2 pi).</param>
    /// <returns>The increment.</returns>
    public static ulong Increment(double frequency) => (ulong)(frequency / (2 * Math.PI) * 18446744073709551616.0);

    /// <summary>Fills the row of one position: cosines, then sines.</summary>
    /// <param name="position">Token position.</param>
    /// <param name="increments">Phase increments, one per pair.</param>
    /// <param name="row">2 * pairs values.</param>
    public static void Fill(int position, ReadOnlySpan<ulong> increments, Span<short> row)
    {
        for (int i = 0; i < increments.Length; i++)
        {
            uint phase = (uint)(unchecked((ulong)position * increments[i]) >> 32);
            row[i] = CosineOf(phase);
            row[increments.Length + i] = CosineOf(unchecked(phase - (1u << 30)));
        }
    }

    /// <summary>cos(2 pi * phase / 2^32) as an s16 with 15 fraction bits; within 1.01 units of the real value (1.0 itself is 32767).</summary>
    /// <param name="phase">Fraction of a turn.</param>
    /// <returns>In [-32767, 32767].</returns>
    public static short CosineOf(uint phase)
    {
        // Fold to the first quarter: cos(-t) = cos(t), cos(pi - t) = -cos(t).
        uint folded = phase > 1u << 31 ? unchecked(0u - phase) : phase;
        bool negative = folded > 1u << 30;
        long quarter = negative ? (1L << 31) - folded : folded;

        // Taylor in Q30 by Horner's rule; the first omitted term is (pi/2)^16/16! < 7e-11.
        long u = (quarter * HalfPi) >> 30;
        long square = (u * u) >> 30;
        long t = One;
        for (int n = 14; n > 0; n -= 2)
        {
            t = One - (((square * t) >> 30) / (n * (n - 1)));
        }

        long rounded = Math.Clamp((t + (1L << 14)) >> 15, -32767, 32767);
        return (short)(negative ? -rounded : rounded);
    }

    /// <summary>Rotates one head in place; pairs are (i, i + pairs), the Hugging Face order.</summary>
    /// <param name="head">s16 codes held in s32; the first 2 * pairs elements are rotated.</param>
    /// <param name="row">Cosines, then sines, of the position.</param>
    /// <remarks>|x*c| + |y*s| &lt;= 2 * 32767^2 = 2^31 - 131070, so the sum and its rounding term fit s32.</remarks>
    public static void Rotate(Span<int> head, ReadOnlySpan<short> row)
    {
        int pairs = row.Length / 2;
        for (int i = 0; i < pairs; i++)
        {
            int x = head[i];
            int y = head[pairs + i];
            int cos = row[i];
            int sin = row[pairs + i];
            head[i] = Math.Clamp(((x * cos) - (y * sin) + (1 << 14)) >> FractionBits, -32767, 32767);
            head[pairs + i] = Math.Clamp(((y * cos) + (x * sin) + (1 << 14)) >> FractionBits, -32767, 32767);
        }
    }
}
