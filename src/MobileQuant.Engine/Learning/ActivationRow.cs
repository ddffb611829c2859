using System.Runtime.Intrinsics;

namespace MobileQuant.Learning;

/// <summary>
/// Fake quantization of activations that share a scale, and its gradient with a straight-through estimator (arXiv 2408.13933):
/// <code>
/// r = round(x / s),   q = clamp(r, lowest, highest),   x' = q s
/// dx'/dx = 1 where q = r, else 0;    dx'/ds = r - x / s where q = r;    dx'/ds = q beyond, where the offset's gradient, -s, comes in
/// </code>
/// With s = (max - min) / n and the offset -min / s (rounded, straight through), and e what rounding adds to the offset, that is
/// <code>
/// dx'/dmax = (r - x / s) / n inside, 1 - e / n above, -e / n below;    dx'/dmin = (x / s - r) / n inside, e / n above, 1 + e / n below
/// </code>
/// </summary>
internal static class ActivationRow
{
    /// <summary>Rounds.</summary>
    public static void Round(ReadOnlySpan<float> values, float step, float lowest, float highest, Span<float> rounded)
    {
        Vector256<float> steps = Vector256.Create(step);
        Vector256<float> low = Vector256.Create(lowest);
        Vector256<float> high = Vector256.Create(highest);
        int i = 0;
        for (; i <= values.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<float> r = Vector256.Round(Vector256.Create(values[i..]) / steps);
            (Vector256.Min(Vector256.Max(r, low), high) * steps).CopyTo(rounded[i..]);
        }

        for (; i < values.Length; i++)
        {
            rounded[i] = Math.Clamp(MathF.Round(values[i] / step), lowest, highest) * step;
        }
    }

    /// <summary>The gradient, from the values before rounding and the gradient of those behind.</summary>
    /// <param name="values">x.</param>
    /// <param name="gradient">Of the loss by x'.</param>
    /// <param name="step">s.</param>
    /// <param name="lowest">Smallest code, zero point subtracted.</param>
    /// <param name="highest">Largest code, zero point subtracted.</param>
    /// <param name="result">Receives the gradient by x.</param>
    /// <returns>Sums over elements inside of gradient * (r - x / s), and of the gradients below and above.</returns>
    public static RangeGradient Gradient(
        ReadOnlySpan<float> values, ReadOnlySpan<float> gradient, float step, float lowest, float highest, Span<float> result)
    {
        Vector256<float> steps = Vector256.Create(step);
        Vector256<float> low = Vector256.Create(lowest);
        Vector256<float> high = Vector256.Create(highest);
        Vector256<float> inside = Vector256<float>.Zero;
        Vector256<float> below = Vector256<float>.Zero;
        Vector256<float> above = Vector256<float>.Zero;
        int i = 0;
        for (; i <= values.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<float> g = Vector256.Create(gradient[i..]);
            Vector256<float> t = Vector256.Create(values[i..]) / steps;
            Vector256<float> r = Vector256.Round(t);
            Vector256<float> isBelow = Vector256.LessThan(r, low);
            Vector256<float> isAbove = Vector256.GreaterThan(r, high);
            Vector256<float> kept = Vector256.AndNot(g, isBelow | isAbove);
            kept.CopyTo(result[i..]);
            inside += kept * (r - t);
            below += g & isBelow;
            above += g & isAbove;
        }

        (double insideSum, double belowSum, double aboveSum) = (Vector256.Sum(inside), Vector256.Sum(below), Vector256.Sum(above));
        for (; i < values.Length; i++)
        {
            float g = gradient[i];
            float t = values[i] / step;
            float r = MathF.Round(t);
            bool isInside = r >= lowest && r <= highest;
            result[i] = isInside ? g : 0;
            insideSum += isInside ? g * (r - t) : 0;
            belowSum += r < lowest ? g : 0;
            aboveSum += r > highest ? g : 0;
        }

        return new(insideSum, belowSum, aboveSum);
    }
}
