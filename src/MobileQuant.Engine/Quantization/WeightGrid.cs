using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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

    /// <summary>The finest step that covers a range; 0 for a range of nothing but 0, or too small for a float step.</summary>
    public float Step(ValueRange range)
    {
        ValueRange r = range.WithZero();
        float step = IsSymmetric ? r.AbsoluteMaximum / Highest : (r.Maximum - r.Minimum) / (Highest - Lowest);
        return step > 0 ? step : 0;
    }

    /// <summary>Scale and zero point for a range.</summary>
    public (float Scale, sbyte ZeroPoint) Fit(ValueRange range)
    {
        float step = Step(range);
        if (step == 0)
        {
            // Code 0 everywhere is exact to 1e-38.
            return (1, 0);
        }

        float zero = IsSymmetric ? 0 : MathF.Round(Lowest - (range.WithZero().Minimum / step), MidpointRounding.ToEven);
        return (step, (sbyte)Math.Clamp(zero, Lowest, Highest));
    }

    /// <summary>Rounds a value.</summary>
    public sbyte Round(float value, float step, int zeroPoint) =>
        (sbyte)Math.Clamp(MathF.Round(value / step, MidpointRounding.ToEven) + zeroPoint, Lowest, Highest);

    /// <summary>Rounds consecutive values of a row.</summary>
    public void Round(ReadOnlySpan<float> values, float step, sbyte zeroPoint, Span<sbyte> codes)
    {
        for (int k = 0; k < values.Length; k++)
        {
            codes[k] = Round(values[k], step, zeroPoint);
        }
    }

    /// <summary>
    /// Sum of the squared differences that rounding makes. Always in eight lanes, so that every machine finds the same float.
    /// </summary>
    public float SquaredError(ReadOnlySpan<float> values, float step, int zeroPoint)
    {
        Vector256<float> lowest = Vector256.Create((float)(Lowest - zeroPoint));
        Vector256<float> highest = Vector256.Create((float)(Highest - zeroPoint));
        Vector256<float> steps = Vector256.Create(step);
        Vector256<float> sum = Vector256<float>.Zero;
        ReadOnlySpan<Vector256<float>> vectors = MemoryMarshal.Cast<float, Vector256<float>>(values);
        foreach (Vector256<float> v in vectors)
        {
            Vector256<float> code = Vector256.Min(Vector256.Max(Vector256.Round(v / steps), lowest), highest);
            Vector256<float> error = (code * steps) - v;
            sum += error * error;
        }

        float total = Vector256.Sum(sum);
        foreach (float v in values[(vectors.Length * Vector256<float>.Count)..])
        {
            float error = (Math.Clamp(MathF.Round(v / step), Lowest - zeroPoint, Highest - zeroPoint) * step) - v;
            total += error * error;
        }

        return total;
    }
}
