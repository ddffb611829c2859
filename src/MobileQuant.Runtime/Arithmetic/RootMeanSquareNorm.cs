using System.Numerics;
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
    /// <summary>The largest row length for which the bounds hold.</summary>
    public const int MaximumSize = 1 << 14;

    private const int SquareBits = 23;

    /// <summary>Fraction bits of the normalized row before the gain: 28 - ceil(log2(H) / 2), so that |x/rms| &lt;= sqrt(H) fits 2^28.</summary>
    public static int FractionBits(int size) => 28 - ((BitOperations.Log2((uint)(size - 1)) + 2) / 2);

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

        int shift = IntegerMath.BitLength((ulong)largest) - SquareBits;
        long epsilon = ShiftRounded(norm.Epsilon, shift);
        long sum = row.Length * epsilon * epsilon;
        foreach (int r in row)
        {
            long x = ShiftRounded(r, shift);
            sum += x * x;
        }

        // sum = q * 2^-even with q in [2^60, 2^62); 1/sqrt(sum) = 2^(even/2) * reciprocal * 2^-61.
        int even = (BitOperations.LeadingZeroCount((ulong)sum) - 2) & ~1;
        ulong root = IntegerMath.SquareRoot((ulong)sum << even);
        long reciprocal = (long)(((1UL << 61) + (root >> 1)) / root);

        // sqrt(H) = sizeRoot * 2^-sizeShift, sizeRoot in [2^30, 2^31).
        int sizeShift = (BitOperations.LeadingZeroCount((ulong)row.Length) - 2) >> 1;
        long sizeRoot = IntegerMath.SquareRoot((ulong)row.Length << (2 * sizeShift));

        int multiplier = (int)((((ulong)reciprocal * (ulong)sizeRoot) + (1UL << 30)) >> 31);
        int total = 30 - FractionBits(row.Length) + sizeShift - (even / 2) + shift;
        ReadOnlySpan<int> gains = norm.Gains.Span;
        for (int i = 0; i < row.Length; i++)
        {
            int normalized = (int)Requantize.Scale(row[i], multiplier, total);
            output[i] = (int)Requantize.Scale(normalized, gains[i], NormProgram.GainBits);
        }
    }

    private static long ShiftRounded(long value, int shift) =>
        shift <= 0 ? value << -shift : (value + (1L << (shift - 1))) >> shift;
}
