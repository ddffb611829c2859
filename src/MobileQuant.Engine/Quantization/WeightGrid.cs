namespace MobileQuant.Quantization;

/// <summary>The integers that weights may take.</summary>
/// <param name="Lowest">Smallest code.</param>
/// <param name="Highest">Largest code.</param>
/// <param name="IsSymmetric">True: zero point 0.</param>
internal readonly record struct WeightGrid(int Lowest, int Highest, bool IsSymmetric)
{
    /// <summary>The grid of a width.</summary>
    public static WeightGrid Of(int bits, WeightSymmetry symmetry)
    {
        bool symmetric = symmetry == WeightSymmetry.Symmetric || (symmetry == WeightSymmetry.Default && bits == 8);
        return bits switch
        {
            // -128 is never used: kernels take absolute values and differences of codes.
            8 => new(-127, 127, symmetric),
            4 => new(-8, 7, symmetric),
            _ => throw new ArgumentOutOfRangeException(nameof(bits), bits, "weights have 8 or 4 bits"),
        };
    }

    /// <summary>Scale and zero point for a range.</summary>
    public (float Scale, sbyte ZeroPoint) Fit(ValueRange range)
    {
        ValueRange r = range.WithZero();
        float extent = IsSymmetric ? r.AbsoluteMaximum / Highest : (r.Maximum - r.Minimum) / (Highest - Lowest);
        if (!(extent > 0))
        {
            // All zero, or too small for a float scale: code 0 everywhere is exact to 1e-38.
            return (1, 0);
        }

        float zero = IsSymmetric ? 0 : MathF.Round(Lowest - (r.Minimum / extent), MidpointRounding.ToEven);
        return (extent, (sbyte)Math.Clamp(zero, Lowest, Highest));
    }

    /// <summary>Rounds a row.</summary>
    public void Round(ReadOnlySpan<float> values, float scale, sbyte zeroPoint, Span<sbyte> codes)
    {
        for (int k = 0; k < values.Length; k++)
        {
            codes[k] = (sbyte)Math.Clamp(MathF.Round(values[k] / scale, MidpointRounding.ToEven) + zeroPoint, Lowest, Highest);
        }
    }
}
