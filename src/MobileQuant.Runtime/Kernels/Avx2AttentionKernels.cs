using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MobileQuant.Kernels;

/// <summary>The AVX2 forms of <see cref="AttentionKernels"/>: u8 codes widened to s16, multiplied in pairs by vpmaddwd.</summary>
internal static unsafe class Avx2AttentionKernels
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ScoreDots(short* q, byte* keys, int count, int headSize, int zeroPoint, int* scores)
    {
        int offset = AttentionKernels.QuerySum(q, headSize) * zeroPoint;
        int whole = headSize & ~15;
        int t = 0;
        for (; t + 4 <= count; t += 4, keys += 4L * headSize)
        {
            byte* second = keys + headSize;
            byte* third = second + headSize;
            byte* fourth = third + headSize;
            Vector256<int> a = default;
            Vector256<int> b = default;
            Vector256<int> c = default;
            Vector256<int> d = default;
            for (int i = 0; i < whole; i += 16)
            {
                Vector256<short> x = Vector256.Load(q + i);
                a += Avx2.MultiplyAddAdjacent(x, Avx2.ConvertToVector256Int16(keys + i));
                b += Avx2.MultiplyAddAdjacent(x, Avx2.ConvertToVector256Int16(second + i));
                c += Avx2.MultiplyAddAdjacent(x, Avx2.ConvertToVector256Int16(third + i));
                d += Avx2.MultiplyAddAdjacent(x, Avx2.ConvertToVector256Int16(fourth + i));
            }

            Vector256<int> sums = Avx2.HorizontalAdd(Avx2.HorizontalAdd(a, b), Avx2.HorizontalAdd(c, d));
            Vector128<int> result = sums.GetLower() + sums.GetUpper() - Vector128.Create(offset);
            if (whole < headSize)
            {
                result += Vector128.Create(
                    AttentionKernels.DotRest(q, keys, whole, headSize),
                    AttentionKernels.DotRest(q, second, whole, headSize),
                    AttentionKernels.DotRest(q, third, whole, headSize),
                    AttentionKernels.DotRest(q, fourth, whole, headSize));
            }

            result.Store(scores + t);
        }

        for (; t < count; t++, keys += headSize)
        {
            Vector256<int> a = default;
            for (int i = 0; i < whole; i += 16)
            {
                a += Avx2.MultiplyAddAdjacent(Vector256.Load(q + i), Avx2.ConvertToVector256Int16(keys + i));
            }

            scores[t] = Vector256.Sum(a) - offset + AttentionKernels.DotRest(q, keys, whole, headSize);
        }
    }

    /// <summary>Does whole vectors of the head and returns how many elements those are.</summary>
    public static int WeightedSum(short* probabilities, byte* values, int count, int headSize, int offset, int* accumulators)
    {
        int d = 0;
        for (; d + 16 <= headSize; d += 16)
        {
            WeightedBlock(probabilities, values + d, count, headSize, offset, accumulators + d);
        }

        return d;
    }

    /// <summary>Sixteen elements of the head. Two positions are interleaved, so that vpmaddwd weighs and adds both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WeightedBlock(short* probabilities, byte* values, int count, int headSize, int offset, int* accumulators)
    {
        Vector256<int> low = Vector256.Load(accumulators) - Vector256.Create(offset);
        Vector256<int> high = Vector256.Load(accumulators + 8) - Vector256.Create(offset);
        int t = 0;
        for (; t + 2 <= count; t += 2, values += 2L * headSize)
        {
            Vector256<short> weights = Avx2.BroadcastScalarToVector256((uint*)(probabilities + t)).AsInt16();
            Add(weights, Vector128.Load(values), Vector128.Load(values + headSize), ref low, ref high);
        }

        if (t < count)
        {
            Add(Vector256.Create((int)probabilities[t]).AsInt16(), Vector128.Load(values), default, ref low, ref high);
        }

        low.Store(accumulators);
        high.Store(accumulators + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        Vector256<short> weights, Vector128<byte> first, Vector128<byte> second, ref Vector256<int> low, ref Vector256<int> high)
    {
        low += Avx2.MultiplyAddAdjacent(weights, Avx2.ConvertToVector256Int16(Sse2.UnpackLow(first, second)));
        high += Avx2.MultiplyAddAdjacent(weights, Avx2.ConvertToVector256Int16(Sse2.UnpackHigh(first, second)));
    }
}
