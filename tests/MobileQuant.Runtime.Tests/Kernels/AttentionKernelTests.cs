using MobileQuant.Kernels;

namespace MobileQuant.Tests.Kernels;

/// <summary>The products of attention against their formulas in 64 bits, in guarded memory.</summary>
public unsafe class AttentionKernelTests
{
    [Fact]
    public void Scores_equal_their_formula_for_every_head_size()
    {
        for (int headSize = 1; headSize <= 256; headSize++)
        {
            CheckScores(headSize, count: 1 + (headSize * 7 % 19), extreme: false);
            CheckScores(headSize, count: 1 + (headSize % 6), extreme: true);
        }
    }

    [Fact]
    public void Weighted_sums_equal_their_formula_for_every_head_size()
    {
        for (int headSize = 1; headSize <= 256; headSize++)
        {
            CheckWeightedSum(headSize, count: headSize * 11 % 23, extreme: false);
        }
    }

    [Fact]
    public void Weighted_sums_equal_their_formula_for_every_count()
    {
        for (int count = 0; count <= 256; count++)
        {
            CheckWeightedSum(headSize: 16 + (count % 20), count, extreme: count % 2 == 0);
        }
    }

    private static void CheckScores(int headSize, int count, bool extreme)
    {
        Random random = new(headSize);
        bool atEnd = headSize % 3 != 0;
        using GuardedBuffer<short> q = new(headSize, atEnd);
        using GuardedBuffer<byte> keys = new(headSize * count, atEnd);
        using GuardedBuffer<int> scores = new(count, atEnd);
        int zeroPoint = extreme ? (headSize % 2 * 255) : random.Next(256);
        foreach (ref short x in q.Span)
        {
            x = (short)(extreme ? 32767 - (headSize % 4 / 2 * 65534) : random.Next(-32767, 32768));
        }

        Codes(random, keys.Span, extreme ? 255 - zeroPoint : -1);
        AttentionKernels.ScoreDots(q.Pointer, keys.Pointer, count, headSize, zeroPoint, scores.Pointer);
        for (int t = 0; t < count; t++)
        {
            long expected = 0;
            for (int d = 0; d < headSize; d++)
            {
                expected += (long)q.Span[d] * (keys.Span[(t * headSize) + d] - zeroPoint);
            }

            Assert.Equal(expected, scores.Span[t]);
        }
    }

    private static void CheckWeightedSum(int headSize, int count, bool extreme)
    {
        Random random = new(count);
        bool atEnd = count % 3 != 0;
        using GuardedBuffer<short> probabilities = new(count, atEnd);
        using GuardedBuffer<byte> values = new(headSize * count, atEnd);
        using GuardedBuffer<int> sums = new(headSize, atEnd);
        int zeroPoint = extreme ? (count % 4 / 2 * 255) : random.Next(256);
        foreach (ref short p in probabilities.Span)
        {
            p = (short)(extreme ? 32767 : random.Next(32768));
        }

        Codes(random, values.Span, extreme ? 255 - zeroPoint : -1);
        long[] expected = new long[headSize];
        for (int d = 0; d < headSize; d++)
        {
            sums.Span[d] = extreme ? 0 : random.Next(-1000, 1000);
            expected[d] = sums.Span[d];
            for (int t = 0; t < count; t++)
            {
                expected[d] += (long)probabilities.Span[t] * (values.Span[(t * headSize) + d] - zeroPoint);
            }
        }

        AttentionKernels.WeightedSum(probabilities.Pointer, values.Pointer, count, headSize, zeroPoint, sums.Pointer);
        for (int d = 0; d < headSize; d++)
        {
            Assert.Equal(expected[d], sums.Span[d]);
        }
    }

    private static void Codes(Random random, Span<byte> codes, int constant)
    {
        if (constant < 0)
        {
            random.NextBytes(codes);
        }
        else
        {
            codes.Fill((byte)constant);
        }
    }
}
