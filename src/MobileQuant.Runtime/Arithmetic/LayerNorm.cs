using MobileQuant.Programs;

namespace MobileQuant.Arithmetic;

/// <summary>
/// LayerNorm over an s32 row: y = (x - mean(x)) / sqrt(variance(x) + eps) * gain + bias, in integers.
/// The output unit is <c>2^-FractionBits(H)</c> times a scale that no |gain| exceeds and for which no |bias| exceeds 2^28 units;
/// |y| is below 2^29 + 3.
/// </summary>
/// <remarks>
/// The mean is never divided out: d = H*x - sum(x) is exact in 47 bits, and (x - mean) / sqrt(variance + eps) is
/// d / sqrt((sum(d^2) + H * (H*e)^2) / H) with e = sqrt(eps) in residual codes, the form of RMSNorm over d. The squares are of d
/// shifted to 23 bits, so with H at most 2^14 the sum is at most 2 * 2^14 * 2^46 = 2^61. The row that is scaled is d shortened
/// to 30 bits: as the largest |d| / rms is at most 2^28 units, the last of these bits is at most half a unit, and nothing is
/// shortened in rows whose d fits. Relative error of the normalized row against the real function: below 2^-20, plus one
/// unit; the bias adds half a unit.
/// </remarks>
internal static class LayerNorm
{
    /// <summary>Largest |bias|, in output units.</summary>
    public const int BiasLimit = 1 << 28;

    private const int RowBits = 30;

    /// <summary>Normalizes a row.</summary>
    /// <param name="row">s32 residual codes, H of them.</param>
    /// <param name="norm">Gains, biases and epsilon.</param>
    /// <param name="output">Receives H values.</param>
    public static void Apply(ReadOnlySpan<int> row, NormProgram norm, Span<int> output)
    {
        ReadOnlySpan<int> biases = norm.Biases.Span;
        long sum = 0;
        foreach (int x in row)
        {
            sum += x;
        }

        long largest = 0;
        foreach (int x in row)
        {
            largest = Math.Max(largest, Math.Abs(Centered(x, row.Length, sum)));
        }

        if (largest == 0)
        {
            biases.CopyTo(output);
            return;
        }

        long wholeEpsilon = (long)norm.Epsilon * row.Length;
        int shift = IntegerMath.BitLength((ulong)Math.Max(largest, wholeEpsilon)) - InverseRoot.SquareBits;
        long epsilon = InverseRoot.ShiftRounded(wholeEpsilon, shift);
        long squares = row.Length * epsilon * epsilon;
        foreach (int x in row)
        {
            long d = InverseRoot.ShiftRounded(Centered(x, row.Length, sum), shift);
            squares += d * d;
        }

        // The root mean square of d is at least 1 (d sums to 0 and is a multiple of H or nowhere 0), so the factor's shift is at least 2.
        int rowShift = Math.Max(0, IntegerMath.BitLength((ulong)largest) - RowBits);
        FixedPointFactor factor = InverseRoot.Of(squares, row.Length, shift - rowShift);
        ReadOnlySpan<int> gains = norm.Gains.Span;
        for (int i = 0; i < row.Length; i++)
        {
            int d = (int)InverseRoot.ShiftRounded(Centered(row[i], row.Length, sum), rowShift);
            int normalized = (int)Requantize.Scale(d, factor);
            output[i] = (int)Requantize.Scale(normalized, gains[i], NormProgram.GainBits) + biases[i];
        }
    }

    // |H*x| <= 2^45 and |sum| <= 2^45.
    private static long Centered(int x, int size, long sum) => ((long)x * size) - sum;
}
