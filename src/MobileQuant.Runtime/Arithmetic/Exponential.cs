namespace MobileQuant.Arithmetic;

/// <summary>2^-u in integers: 257 knots with linear interpolation, knots by an integer Taylor series.</summary>
internal static class Exponential
{
    /// <summary>Fraction bits of the argument.</summary>
    public const int ArgumentBits = 16;

    /// <summary>The largest result, 2^15 - 1: it fits s16, and 256 * 32767 * 255 &lt; 2^31.</summary>
    public const int Maximum = 32767;

    private const long One = 1L << 30;

    // ln 2 in Q30.
    private const long NaturalLogOf2 = 744_261_118;

    private static readonly int[] Knots = CreateKnots();

    /// <summary>min(32767, round(2^15 * 2^(-u / 2^16))); within 0.54 of 2^15 * 2^-u/2^16 below the maximum.</summary>
    /// <param name="u">u &gt;= 0.</param>
    /// <returns>In 0..32767.</returns>
    public static int NegativePowerOfTwo(long u)
    {
        if (u >= 17L << ArgumentBits)
        {
            return 0;
        }

        int whole = (int)(u >> ArgumentBits);
        int knot = (int)(u >> 8) & 255;
        int fraction = (int)u & 255;
        int high = Knots[knot];
        long value = high - ((((long)high - Knots[knot + 1]) * fraction) >> 8);
        int shift = 15 + whole;
        return Math.Min((int)((value + (1L << (shift - 1))) >> shift), Maximum);
    }

    private static int[] CreateKnots()
    {
        int[] knots = new int[257];
        for (int i = 0; i < knots.Length; i++)
        {
            // exp(-x), x = i/256 * ln 2, by Horner's rule; the first omitted term is below 2e-12.
            long x = i * NaturalLogOf2 / 256;
            long t = One;
            for (int n = 13; n > 0; n--)
            {
                t = One - (((x * t) >> 30) / n);
            }

            knots[i] = (int)t;
        }

        return knots;
    }
}
