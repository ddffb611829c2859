using MobileQuant.Programs;

namespace MobileQuant.Arithmetic;

/// <summary>
/// RMSNorm over an s32 row: y = x / sqrt(mean(x^2) + eps) * gain, in integers.
/// The output unit is <c>2^-FractionBits(H)</c> times the largest |gain|; |y| is below 2^28 + 2.
/// </summary>
/// <remarks>
/// Epsilon enters as H further elements of value e = sqrt(eps) in residual codes, so the sum is sum(x^2) + H*e^2.
/// The squares are of the row shifted (block floating point) to 23 bits, so with H at most 2^14 the sum is at most
/// 2 * 2^14 * 2^46 = 2^61. The row itself is never shortened: one channel at 30,000 costs the others none of their bits.
/// Relative error against the real function: below 2^-20, plus one unit.
/// </remarks>
internal static class RootMeanSquareNorm
{
    /// <summary>Normalizes a row.</summary>
    /// <param name="row">s32 residual codes, H of them.</param>
    /// <param name="norm">Gains and epsilon.</param>
    /// <param name="output">Receives H values.</param>
    public static void Apply(ReadOnlySpan<int> row, NormProgram norm, Span<int> output)
    {
        long largest = norm.Epsilon;
        foreach (int r in row)
        {
            largest = Math.Max(largest, Math.Abs((long)r));
        }

        if (largest == 0)
        {
            output[..row.Length].Clear();
            return;
        }

        int shift = IntegerMath.BitLength((ulong)largest) - InverseRoot.SquareBits;
        long epsilon = InverseRoot.ShiftRounded(norm.Epsilon, shift);
        long sum = row.Length * epsilon * epsilon;
        foreach (int r in row)
        {
            long x = InverseRoot.ShiftRounded(r, shift);
            sum += x * x;
        }

        FixedPointFactor factor = InverseRoot.Of(sum, row.Length, shift);
        ReadOnlySpan<int> gains = norm.Gains.Span;
        for (int i = 0; i < row.Length; i++)
        {
            int normalized = (int)Requantize.Scale(row[i], factor);
            output[i] = (int)Requantize.Scale(normalized, gains[i], NormProgram.GainBits);
        }
    }
}
