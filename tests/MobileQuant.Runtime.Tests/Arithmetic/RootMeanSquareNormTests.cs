using MobileQuant.Arithmetic;
using MobileQuant.Programs;

namespace MobileQuant.Tests.Arithmetic;

public class RootMeanSquareNormTests
{
    [Theory]
    [InlineData(16)]
    [InlineData(160)]
    [InlineData(576)]
    [InlineData(2048)]
    [InlineData(16384)]
    public void Norm_is_within_its_stated_bound_of_the_real_one(int size)
    {
        Random random = new(size);
        foreach (double magnitude in (double[])[1, 30, 1e4, 1e6, 4e8])
        {
            int[] row = [.. Enumerable.Range(0, size).Select(_ => (int)(Gaussian(random) * magnitude))];
            Check(row, epsilon: 3000, random);
        }
    }

    [Fact]
    public void One_channel_at_thirty_thousand_costs_the_others_none_of_their_bits()
    {
        // SmolLM2: one channel at 30,000 beside channels at 5, at the residual scale that its branch bounds allow.
        const double residualScale = 1e-4;
        Random random = new(7);
        int[] row = [.. Enumerable.Range(0, 576).Select(_ => (int)(Gaussian(random) * 5 / residualScale))];
        row[123] = (int)(30_000 / residualScale);
        Check(row, epsilon: (int)(Math.Sqrt(1e-5) / residualScale), random);
    }

    [Fact]
    public void The_widest_row_does_not_overflow()
    {
        int[] row = [.. Enumerable.Repeat(int.MaxValue, InverseRoot.MaximumSize)];
        Check(row, epsilon: 1, new(1));
        row[5] = int.MinValue;
        Check(row, epsilon: int.MaxValue, new(1));
    }

    [Fact]
    public void A_row_of_zeros_is_zero_and_a_tiny_row_is_ruled_by_epsilon()
    {
        NormProgram norm = new() { Gains = NativeSpan<int>.Copy([.. Enumerable.Repeat(1 << 30, 64)]), Epsilon = 0 };
        int[] output = new int[64];
        RootMeanSquareNorm.Apply(new int[64], norm, output);
        Assert.All(output, y => Assert.Equal(0, y));

        int[] row = new int[64];
        row[0] = 1;
        Check(row, epsilon: 0, new(1));
        Check(row, epsilon: 1000, new(1));
    }

    private static void Check(int[] row, int epsilon, Random random)
    {
        int[] gains = [.. row.Select(_ => random.Next(-(1 << 30), 1 << 30))];
        NormProgram norm = new() { Gains = NativeSpan<int>.Copy(gains), Epsilon = epsilon };
        int[] output = new int[row.Length];
        RootMeanSquareNorm.Apply(row, norm, output);

        double meanSquare = row.Sum(r => (double)r * r) / row.Length;
        double factor = Math.ScaleB(1 / Math.Sqrt(meanSquare + ((double)epsilon * epsilon)), InverseRoot.FractionBits(row.Length) - 30);
        for (int i = 0; i < row.Length; i++)
        {
            double exact = row[i] * factor * gains[i];
            double bound = (Math.Abs(exact) * Math.Pow(2, -20)) + 1;
            Assert.InRange(output[i], exact - bound, exact + bound);
            Assert.InRange(output[i], -(1 << 28) - 2, (1 << 28) + 2);
        }
    }

    private static double Gaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
