using MobileQuant.Arithmetic;
using MobileQuant.Kernels;

namespace MobileQuant.Tests.Arithmetic;

public unsafe class AttentionDotsTests
{
    [Theory]
    [InlineData(16, 40)]
    [InlineData(64, 256)]
    [InlineData(80, 3)]
    public void Kernels_equal_the_specification(int headSize, int count)
    {
        Random random = new(headSize);
        short[] query = [.. Enumerable.Range(0, headSize).Select(_ => (short)random.Next(-32767, 32768))];
        short[] weights = [.. Enumerable.Range(0, count).Select(_ => (short)random.Next(32768))];
        byte[] codes = new byte[headSize * count];
        random.NextBytes(codes);
        int[] scores = new int[count];
        int[] sums = new int[headSize];
        AttentionDots.Scores(query, codes, 77, scores);
        AttentionDots.WeightedSum(weights, codes, 77, sums);

        int[] kernelScores = new int[count];
        int[] kernelSums = new int[headSize];
        fixed (short* q = query, w = weights)
        fixed (byte* c = codes)
        fixed (int* s = kernelScores, a = kernelSums)
        {
            AttentionKernels.ScoreDots(q, c, count, headSize, 77, s);
            AttentionKernels.WeightedSum(w, c, count, headSize, 77, a);
        }

        Assert.Equal(scores, kernelScores);
        Assert.Equal(sums, kernelSums);
    }
}
