using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using MobileQuant.Quantization;

namespace MobileQuant.Learning;

/// <summary>
/// Fake quantization of consecutive weights that share a step and a zero point, and its gradient with a straight-through
/// estimator (method of arXiv 2408.13933):
/// <code>
/// r = round(w / s),   q = clamp(r, lo - z, hi - z),   w' = q s
/// dw'/dw = 1 where q = r, else 0;    dw'/ds = r - w / s where q = r, else q;    no gradient through z
/// </code>
/// </summary>
internal static class WeightRow
{
    /// <summary>w = base * row * columns.</summary>
    public static void Transform(ReadOnlySpan<float> weights, float row, ReadOnlySpan<float> columns, Span<float> transformed)
    {
        Vector256<float> factor = Vector256.Create(row);
        int i = 0;
        for (; i <= weights.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<float> w = Vector256.Create(weights[i..]) * factor;
            (columns.IsEmpty ? w : w * Vector256.Create(columns[i..])).CopyTo(transformed[i..]);
        }

        for (; i < weights.Length; i++)
        {
            float w = weights[i] * row;
            transformed[i] = columns.IsEmpty ? w : w * columns[i];
        }
    }

    /// <summary>The range of weights and zero.</summary>
    public static ValueRange RangeOf(ReadOnlySpan<float> weights)
    {
        Vector256<float> minimum = Vector256<float>.Zero;
        Vector256<float> maximum = Vector256<float>.Zero;
        int i = 0;
        for (; i <= weights.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<float> w = Vector256.Create(weights[i..]);
            minimum = Vector256.Min(minimum, w);
            maximum = Vector256.Max(maximum, w);
        }

        ValueRange range = ValueRange.Of(weights[i..]).WithZero();
        for (int lane = 0; lane < Vector256<float>.Count; lane++)
        {
            range = range.Union(new(minimum[lane], maximum[lane]));
        }

        return range;
    }

    /// <summary>Rounds.</summary>
    public static void Round(WeightGrid grid, ReadOnlySpan<float> weights, float step, int zero, Span<float> rounded)
    {
        (float lowest, float highest) = (grid.Lowest - zero, grid.Highest - zero);
        Vector256<float> steps = Vector256.Create(step);
        int i = 0;
        for (; i <= weights.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<float> r = Vector256.Round(Vector256.Create(weights[i..]) / steps);
            Vector256<float> q = Vector256.Min(Vector256.Max(r, Vector256.Create(lowest)), Vector256.Create(highest));
            (q * steps).CopyTo(rounded[i..]);
        }

        for (; i < weights.Length; i++)
        {
            rounded[i] = Math.Clamp(MathF.Round(weights[i] / step), lowest, highest) * step;
        }
    }

    /// <summary>The gradient, from the transformed weights and the gradient of the rounded ones.</summary>
    /// <param name="grid">The codes.</param>
    /// <param name="weights">Transformed weights.</param>
    /// <param name="gradient">Of the loss by rounded weights.</param>
    /// <param name="step">s.</param>
    /// <param name="zero">z.</param>
    /// <param name="columns">Added to: gradient by the logarithm of each weight, which is that by the logarithm of its column's factor.</param>
    /// <returns>The gradients by s and by the logarithm of the row's factor.</returns>
    public static (double Step, double Row) Gradient(
        WeightGrid grid, ReadOnlySpan<float> weights, ReadOnlySpan<float> gradient, float step, int zero, Span<float> columns)
    {
        (float lowest, float highest) = (grid.Lowest - zero, grid.Highest - zero);
        Vector256<float> steps = Vector256.Create(step);
        Vector256<float> byStep = Vector256<float>.Zero;
        Vector256<float> byRow = Vector256<float>.Zero;
        int i = 0;
        for (; i <= weights.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<float> w = Vector256.Create(weights[i..]);
            Vector256<float> g = Vector256.Create(gradient[i..]);
            Vector256<float> t = w / steps;
            Vector256<float> r = Vector256.Round(t);
            Vector256<float> q = Vector256.Min(Vector256.Max(r, Vector256.Create(lowest)), Vector256.Create(highest));
            Vector256<float> inside = Vector256.Equals(q, r);
            byStep += g * (q - (t & inside));
            Vector256<float> d = (g & inside) * w;
            byRow += d;
            (Vector256.Create<float>(columns[i..]) + d).CopyTo(columns[i..]);
        }

        (double stepSum, double rowSum) = (Vector256.Sum(byStep), Vector256.Sum(byRow));
        for (; i < weights.Length; i++)
        {
            float t = weights[i] / step;
            float r = MathF.Round(t);
            float q = Math.Clamp(r, lowest, highest);
            bool inside = q == r;
            stepSum += gradient[i] * (q - (inside ? t : 0));
            float d = inside ? gradient[i] * weights[i] : 0;
            rowSum += d;
            columns[i] += d;
        }

        return (stepSum, rowSum);
    }

    /// <summary>The floats of a contiguous tensor.</summary>
    public static Span<float> Floats(TorchSharp.torch.Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);
}
