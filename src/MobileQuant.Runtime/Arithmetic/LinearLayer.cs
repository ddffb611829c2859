using MobileQuant.Programs;

namespace MobileQuant.Arithmetic;

/// <summary>A linear layer over quantized rows, by definition: what every kernel must equal bit for bit.</summary>
internal static class LinearLayer
{
    /// <summary>y[n] of a u8 row.</summary>
    /// <param name="linear">The layer.</param>
    /// <param name="n">Output channel.</param>
    /// <param name="codes">Input codes, at least K.</param>
    /// <param name="sum">Sum of the codes.</param>
    /// <param name="scale">The row's scale.</param>
    public static int Output(LinearProgram linear, int n, ReadOnlySpan<byte> codes, int sum, RowScale scale) =>
        Finish(linear, n, Dot(linear, n, codes), sum, scale);

    /// <summary>y[n] of a wide row: 256 * dot(high) + dot(low).</summary>
    /// <remarks>The intermediate may wrap in s32; the accumulator itself is proven to fit, and wrapping addition is exact modulo 2^32.</remarks>
    public static int WideOutput(LinearProgram linear, int n, ReadOnlySpan<byte> high, ReadOnlySpan<byte> low, int sum, RowScale scale) =>
        Finish(linear, n, unchecked((256 * Dot(linear, n, high)) + Dot(linear, n, low)), sum, scale);

    /// <summary>sum_k w[n,k] * x[k]; with blocks the sum over them of scale * (sum_k w[n,k] * x[k] - zero * sum_k x[k]).</summary>
    public static int Dot(LinearProgram linear, int n, ReadOnlySpan<byte> codes)
    {
        ReadOnlySpan<byte> weights = linear.Weights.Span;
        if (linear.BlockSize > 0)
        {
            return BlockDot(linear, n, weights, codes);
        }

        int dot = 0;
        for (int k = 0; k < linear.InputSize; k++)
        {
            dot += PackedLayout.CodeAt(linear.Format, weights, linear.InputSize, n, k) * codes[k];
        }

        return dot;
    }

    /// <remarks>Wraps on the way, as everything before the proven accumulator may.</remarks>
    private static int BlockDot(LinearProgram linear, int n, ReadOnlySpan<byte> weights, ReadOnlySpan<byte> codes)
    {
        int total = 0;
        for (int first = 0, b = 0; first < linear.InputSize; first += linear.BlockSize, b++)
        {
            (int scale, int zero) = PackedLayout.BlockAt(linear.Format, weights, linear.InputSize, n, b);
            int dot = 0;
            int sum = 0;
            for (int k = first; k < Math.Min(first + linear.BlockSize, linear.InputSize); k++)
            {
                dot += PackedLayout.CodeAt(linear.Format, weights, linear.InputSize, n, k) * codes[k];
                sum += codes[k];
            }

            total = unchecked(total + (scale * (dot - (zero * sum))));
        }

        return total;
    }

    /// <summary>From the raw dot product to the output: zero points, requantization, bias, clamp.</summary>
    public static int Finish(LinearProgram linear, int n, int dot, int sum, RowScale scale)
    {
        int zero = linear.ZeroPoints.IsEmpty ? 0 : linear.ZeroPoints[n];
        int accumulator = unchecked(dot - (scale.ZeroPoint * linear.RowSums[n]) - (zero * sum));
        int multiplier = Requantize.Fold(linear.Multipliers[n], scale.Multiplier);
        int shift = Requantize.FoldShift(linear.Shifts[n], scale.Exponent);
        long value = Requantize.Scale(accumulator, multiplier, shift) + (linear.Bias.IsEmpty ? 0 : linear.Bias[n]);
        return Requantize.Clamp(value, linear.OutputMinimum, linear.OutputMaximum);
    }
}
