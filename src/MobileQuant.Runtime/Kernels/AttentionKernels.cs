using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace MobileQuant.Kernels;

/// <summary>The two products of attention over a cache of u8 codes, in exact s32.</summary>
internal static unsafe class AttentionKernels
{
    /// <summary>
    /// Products of a query with keys: <c>scores[t] = sum_d q[d] * (keys[t * headSize + d] - zeroPoint)</c>.
    /// </summary>
    /// <param name="q">s16 query codes <c>[headSize]</c>; -32768 does not occur.</param>
    /// <param name="keys">u8 key codes <c>[count, headSize]</c>.</param>
    /// <param name="count">Number of keys.</param>
    /// <param name="headSize">In 1..256, so that 256 * 32767 * 255 fits s32.</param>
    /// <param name="zeroPoint">Of the keys, in 0..255.</param>
    /// <param name="scores">Receives <paramref name="count"/> scores.</param>
    public static void ScoreDots(short* q, byte* keys, int count, int headSize, int zeroPoint, int* scores)
    {
        if (Avx2.IsSupported)
        {
            Avx2AttentionKernels.ScoreDots(q, keys, count, headSize, zeroPoint, scores);
        }
        else if (AdvSimd.Arm64.IsSupported)
        {
            AdvSimdAttentionKernels.ScoreDots(q, keys, count, headSize, zeroPoint, scores);
        }
        else
        {
            int offset = QuerySum(q, headSize) * zeroPoint;
            for (int t = 0; t < count; t++, keys += headSize)
            {
                scores[t] = DotRest(q, keys, 0, headSize) - offset;
            }
        }
    }

    /// <summary>
    /// Adds a weighted sum of values: <c>accumulators[d] += sum_t p[t] * (values[t * headSize + d] - zeroPoint)</c>.
    /// </summary>
    /// <param name="probabilities">Weights <c>[count]</c> in 0..32767.</param>
    /// <param name="values">u8 value codes <c>[count, headSize]</c>.</param>
    /// <param name="count">At most 256 at a time, or any number whose weights sum to at most 256 * 32767: then s32 holds the sum.</param>
    /// <param name="headSize">At least 1.</param>
    /// <param name="zeroPoint">Of the values, in 0..255.</param>
    /// <param name="accumulators">The sums <c>[headSize]</c>, added to.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WeightedSum(short* probabilities, byte* values, int count, int headSize, int zeroPoint, int* accumulators)
    {
        int weight = 0;
        for (int t = 0; t < count; t++)
        {
            weight += probabilities[t];
        }

        int offset = weight * zeroPoint;
        int done = 0;
        if (Avx2.IsSupported)
        {
            done = Avx2AttentionKernels.WeightedSum(probabilities, values, count, headSize, offset, accumulators);
        }
        else if (AdvSimd.Arm64.IsSupported)
        {
            done = AdvSimdAttentionKernels.WeightedSum(probabilities, values, count, headSize, offset, accumulators);
        }

        if (done < headSize)
        {
            WeightedRest(probabilities, values, count, headSize, offset, done, accumulators);
        }
    }

    /// <summary>sum_d q[d].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int QuerySum(short* q, int headSize)
    {
        int sum = 0;
        for (int d = 0; d < headSize; d++)
        {
            sum += q[d];
        }

        return sum;
    }

    /// <summary>sum of q[d] * key[d] over d in [from, headSize).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int DotRest(short* q, byte* key, int from, int headSize)
    {
        int dot = 0;
        for (int d = from; d < headSize; d++)
        {
            dot += q[d] * key[d];
        }

        return dot;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WeightedRest(
        short* probabilities, byte* values, int count, int headSize, int offset, int from, int* accumulators)
    {
        for (int d = from; d < headSize; d++)
        {
            accumulators[d] -= offset;
        }

        for (int t = 0; t < count; t++, values += headSize)
        {
            int p = probabilities[t];
            for (int d = from; d < headSize; d++)
            {
                accumulators[d] += p * values[d];
            }
        }
    }
}
