namespace MobileQuant.Arithmetic;

/// <summary>
/// A gate activation (SiLU, GELU) from s16 to s16 on one scale: 1025 knots around zero with integer linear interpolation,
/// the identity to their right and zero to their left.
/// </summary>
internal static class ActivationTable
{
    /// <summary>Intervals between knots.</summary>
    public const int Intervals = 1024;

    /// <summary>The knots cover at least this many real units on each side where the code range reaches so far.</summary>
    public const double Reach = 16;

    /// <summary>log2 of the codes between knots for a scale: the finest spacing with 512 intervals reaching 16.0. Build-time.</summary>
    /// <param name="scale">Real value of one code.</param>
    /// <returns>In 0..6.</returns>
    public static int SpacingBits(double scale)
    {
        int bits = 0;
        while (bits < 6 && (512 << bits) * scale < Reach)
        {
            bits++;
        }

        return bits;
    }

    /// <summary>Samples a function at the knots. Build-time.</summary>
    /// <param name="function">f with f(x) near 0 for x &lt;= -16 and near x for x &gt;= 16.</param>
    /// <param name="scale">Real value of one code, of input and output.</param>
    /// <returns>1025 knots.</returns>
    public static short[] Create(Func<double, double> function, double scale)
    {
        int bits = SpacingBits(scale);
        short[] knots = new short[Intervals + 1];
        for (int i = 0; i < knots.Length; i++)
        {
            double x = (double)((i - (Intervals / 2)) << bits) * scale;
            knots[i] = (short)Math.Clamp(Math.Round(function(x) / scale), -32767, 32767);
        }

        return knots;
    }

    /// <summary>f(gate) by the table.</summary>
    /// <param name="knots">1025 knots.</param>
    /// <param name="bits">log2 of the codes between knots.</param>
    /// <param name="gate">In [-32767, 32767].</param>
    /// <returns>In [-32767, 32767].</returns>
    public static int Evaluate(ReadOnlySpan<short> knots, int bits, int gate)
    {
        int offset = gate + (Intervals / 2 << bits);
        if (offset < 0)
        {
            return 0;
        }

        int knot = offset >> bits;
        if (knot >= Intervals)
        {
            return gate;
        }

        int fraction = offset & ((1 << bits) - 1);
        int left = knots[knot];
        return left + ((((knots[knot + 1] - left) * fraction) + ((1 << bits) >> 1)) >> bits);
    }
}
