namespace MobileQuant.Arithmetic;

/// <summary>
/// A gate activation (SiLU, GELU) from s16 to s16 on one scale, as <c>f(x) = max(x, 0) + t(|x|)</c>: both functions satisfy
/// f(x) - f(-x) = x, so t(a) = f(-a) tells all of them, and it fades to zero. t is 513 knots with integer linear interpolation.
/// </summary>
internal static class ActivationTable
{
    /// <summary>Intervals between knots.</summary>
    public const int Intervals = 512;

    /// <summary>The knots cover at least this many real units where the code range reaches so far.</summary>
    public const double Reach = 16;

    /// <summary>log2 of the codes between knots for a scale: the finest spacing that reaches 16.0. Build-time.</summary>
    /// <param name="scale">Real value of one code.</param>
    /// <returns>In 0..6.</returns>
    public static int SpacingBits(double scale)
    {
        int bits = 0;
        while (bits < 6 && (Intervals << bits) * scale < Reach)
        {
            bits++;
        }

        return bits;
    }

    /// <summary>Samples t at the knots. Build-time.</summary>
    /// <param name="function">f with f(x) - f(-x) = x, and f(x) near 0 for x &lt;= -16.</param>
    /// <param name="scale">Real value of one code, of input and output.</param>
    /// <returns>513 knots.</returns>
    public static short[] Create(Func<double, double> function, double scale)
    {
        int bits = SpacingBits(scale);
        short[] knots = new short[Intervals + 1];
        for (int i = 0; i < knots.Length; i++)
        {
            double x = -(double)(i << bits) * scale;
            knots[i] = (short)Math.Clamp(Math.Round(function(x) / scale), -32767, 32767);
        }

        return knots;
    }

    /// <summary>f(gate) by the table.</summary>
    /// <param name="knots">513 knots.</param>
    /// <param name="bits">log2 of the codes between knots.</param>
    /// <param name="gate">In [-32767, 32767].</param>
    /// <returns>In [-32767, 32767].</returns>
    public static int Evaluate(ReadOnlySpan<short> knots, int bits, int gate)
    {
        int magnitude = Math.Abs(gate);
        int linear = Math.Max(gate, 0);
        int knot = magnitude >> bits;
        if (knot >= Intervals)
        {
            return linear;
        }

        int fraction = magnitude & ((1 << bits) - 1);
        int left = knots[knot];
        return linear + left + ((((knots[knot + 1] - left) * fraction) + ((1 << bits) >> 1)) >> bits);
    }
}
