namespace MobileQuant.Arithmetic;

/// <summary>
/// The two halves of softmax around the product with V: scores to weights e = 2^(-(max - score)), and the weighted sum over
/// sum(e). Weights stay relative to the row's largest, so long flat rows keep full precision; the division happens once.
/// </summary>
internal static class Softmax
{
    /// <summary>Keys that may be summed in s32 before flushing: 256 * 32767 * 255 &lt; 2^31.</summary>
    public const int BlockKeys = 256;

    /// <summary>Fraction bits of <see cref="Divide"/>.</summary>
    public const int OutputBits = 16;

    /// <summary>Turns scores into weights in 0..32767 and returns their sum, at least 32767.</summary>
    /// <param name="scores">s32 scores q.(k - zero).</param>
    /// <param name="factor">From score codes to the argument of 2^-u in Q16.</param>
    /// <param name="weights">As long as the scores.</param>
    /// <returns>Sum of the weights.</returns>
    public static long Weights(ReadOnlySpan<int> scores, FixedPointFactor factor, Span<short> weights)
    {
        int largest = int.MinValue;
        foreach (int s in scores)
        {
            largest = Math.Max(largest, s);
        }

        long sum = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            // A distance past s32 is far beyond the smallest representable weight.
            int distance = (int)Math.Min((long)largest - scores[i], int.MaxValue);
            int weight = Exponential.NegativePowerOfTwo(Requantize.Scale(distance, factor));
            weights[i] = (short)weight;
            sum += weight;
        }

        return sum;
    }

    /// <summary>total / sum with 16 fraction bits.</summary>
    /// <param name="total">sum_t weight[t] * (v[t] - zero), |total| &lt;= 255 * sum.</param>
    /// <param name="sum">Sum of the weights, in 1..2^32-1: a context of 2^17 keeps it there.</param>
    /// <returns>|result| &lt;= 255 * 2^16 + 1.</returns>
    /// <remarks>
    /// With b the bit length of sum, |total| &lt; 2^(8+b) is shortened to 31 bits, and 2^(30+b)/sum is in (2^30, 2^31]:
    /// the product stays below 2^62.
    /// </remarks>
    public static int Divide(long total, long sum)
    {
        int bits = IntegerMath.BitLength((ulong)sum);
        long reciprocal = (1L << (30 + bits)) / sum;
        int drop = Math.Max(0, bits - 23);
        long shortened = drop == 0 ? total : (total + (1L << (drop - 1))) >> drop;
        int shift = 30 + bits - drop - OutputBits;
        return (int)(((shortened * reciprocal) + (1L << (shift - 1))) >> shift);
    }
}
