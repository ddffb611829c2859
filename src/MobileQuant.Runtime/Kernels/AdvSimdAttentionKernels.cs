using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace MobileQuant.Kernels;

/// <summary>The Arm forms of <see cref="AttentionKernels"/>: u8 codes widened to s16, then smlal.</summary>
internal static unsafe class AdvSimdAttentionKernels
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ScoreDots(short* q, byte* keys, int count, int headSize, int zeroPoint, int* scores)
    {
        int offset = AttentionKernels.QuerySum(q, headSize) * zeroPoint;
        int whole = headSize & ~7;
        for (int t = 0; t < count; t++, keys += headSize)
        {
            Vector128<int> low = default;
            Vector128<int> high = default;
            for (int i = 0; i < whole; i += 8)
            {
                Vector128<short> x = Vector128.Load(q + i);
                Vector128<short> key = AdvSimd.ZeroExtendWideningLower(Vector64.Load(keys + i)).AsInt16();
                low = AdvSimd.MultiplyWideningLowerAndAdd(low, x.GetLower(), key.GetLower());
                high = AdvSimd.MultiplyWideningUpperAndAdd(high, x, key);
            }

            scores[t] = Vector128.Sum(low + high) - offset + AttentionKernels.DotRest(q, keys, whole, headSize);
        }
    }

    /// <summary>Does whole vectors of the head and returns how many elements those are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int WeightedSum(short* probabilities, byte* values, int count, int headSize, int offset, int* accumulators)
    {
        int d = 0;
        for (; d + 8 <= headSize; d += 8)
        {
            Vector128<int> low = Vector128.Load(accumulators + d) - Vector128.Create(offset);
            Vector128<int> high = Vector128.Load(accumulators + d + 4) - Vector128.Create(offset);
            byte* value = values + d;
            for (int t = 0; t < count; t++, value += headSize)
            {
                Vector128<short> codes = AdvSimd.ZeroExtendWideningLower(Vector64.Load(value)).AsInt16();
                Vector128<short> weight = Vector128.Create(probabilities[t]);
                low = AdvSimd.MultiplyWideningLowerAndAdd(low, codes.GetLower(), weight.GetLower());
                high = AdvSimd.MultiplyWideningUpperAndAdd(high, codes, weight);
            }

            low.Store(accumulators + d);
            high.Store(accumulators + d + 4);
        }

        return d;
    }
}
