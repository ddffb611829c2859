using MobileQuant.Arithmetic;
using MobileQuant.Programs;

namespace MobileQuant.Tests.Arithmetic;

public class LayerNormTests
{
    private const double Residual = 1e-4;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(160)]
    [InlineData(257)]
    [InlineData(2048)]
    [InlineData(16384)]
    public void Norm_is_within_its_stated_bound_of_the_real_one(int size)
    {
        Random random = new(size);
        foreach (double magnitude in (double[])[1, 30, 1e4, 1e6, 4e8])
        {
            foreach (double mean in (double[])[0, 0.3, -50])
            {
                Check([.. Enumerable.Range(0, size).Select(_ => Saturate((Gaussian(random) + mean) * magnitude))], epsilon: 3000, random);
            }
        }
    }

    [Fact]
    public void One_channel_at_thirty_thousand_costs_the_others_none_of_their_bits()
    {
        Random random = new(7);
        int[] row = [.. Enumerable.Range(0, 576).Select(_ => (int)(Gaussian(random) * 5 / Residual))];
        row[123] = (int)(30_000 / Residual);
        Check(row, epsilon: (int)(Math.Sqrt(1e-5) / Residual), random);
    }

    [Fact]
    public void A_mean_far_from_zero_costs_no_bits()
    {
        // Differences of a few codes on top of a large common offset, which float32 would lose.
        Random random = new(8);
        foreach (int offset in (int[])[2_000_000_000, -2_000_000_000, 1_234_567_890])
        {
            Check([.. Enumerable.Range(0, 256).Select(_ => offset + random.Next(-3, 4))], epsilon: 0, random);
        }
    }

    [Fact]
    public void The_widest_rows_do_not_overflow()
    {
        int[] row = [.. Enumerable.Repeat(int.MaxValue, InverseRoot.MaximumSize)];
        row[5] = int.MinValue;
        Check(row, epsilon: 0, new(1));
        Check(row, epsilon: int.MaxValue, new(1));
        for (int i = 0; i < row.Length; i += 2)
        {
            row[i] = int.MinValue;
        }

        Check(row, epsilon: 1, new(1));
        Check([int.MaxValue, int.MinValue], epsilon: int.MaxValue, new(1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void A_constant_row_is_its_bias(int value)
    {
        foreach (int size in (int[])[1, 64, InverseRoot.MaximumSize])
        {
            int[] biases = [.. Enumerable.Range(0, size).Select(i => (i % 2 == 0 ? 1 : -1) * (LayerNorm.BiasLimit - i))];
            NormProgram norm = new() { Form = NormForm.Layer, Gains = NativeSpan<int>.Copy(new int[size]), Biases = NativeSpan<int>.Copy(biases), Epsilon = 7 };
            int[] output = new int[size];
            Normalization.Apply([.. Enumerable.Repeat(value, size)], norm, output);
            Assert.Equal(biases, output);
        }
    }

    [Fact]
    public void A_tiny_row_is_ruled_by_epsilon()
    {
        int[] row = new int[64];
        row[0] = 1;
        Check(row, epsilon: 0, new(1));
        Check(row, epsilon: 1000, new(1));
        Check(row, epsilon: int.MaxValue, new(1));
        row[1] = -1;
        Check(row, epsilon: 0, new(1));
        Check([0, 1], epsilon: 0, new(1));
        Check([0, 1, 0], epsilon: 0, new(1));
    }

    [Fact]
    public void A_shifted_row_is_the_same_to_the_bit()
    {
        Random random = new(3);
        int[] row = [.. Enumerable.Range(0, 300).Select(_ => random.Next(-100_000, 100_000))];
        Assert.Equal(Apply(row), Apply([.. row.Select(x => x + 1_999_999_999)]));

        static int[] Apply(int[] of)
        {
            NormProgram norm = new()
            {
                Form = NormForm.Layer,
                Gains = NativeSpan<int>.Copy([.. Enumerable.Range(0, of.Length).Select(i => (1 << 30) - (i << 20))]),
                Biases = NativeSpan<int>.Copy([.. Enumerable.Range(0, of.Length)]),
                Epsilon = 40,
            };
            int[] output = new int[of.Length];
            Normalization.Apply(of, norm, output);
            return output;
        }
    }

    private static void Check(int[] row, int epsilon, Random random)
    {
        int[] gains = [.. row.Select(_ => random.Next(-(1 << 30), 1 << 30))];
        int[] biases = [.. row.Select(_ => random.Next(-LayerNorm.BiasLimit, LayerNorm.BiasLimit))];
        NormProgram norm = new() { Form = NormForm.Layer, Gains = NativeSpan<int>.Copy(gains), Biases = NativeSpan<int>.Copy(biases), Epsilon = epsilon };
        int[] output = new int[row.Length];
        Normalization.Apply(row, norm, output);

        // decimal, because a mean of large values with small differences would lose them in double.
        decimal mean = row.Sum(r => (decimal)r) / row.Length;
        double[] centered = [.. row.Select(r => (double)(r - mean))];
        double variance = centered.Sum(c => c * c) / row.Length;
        double factor = Math.ScaleB(1 / Math.Sqrt(variance + ((double)epsilon * epsilon)), InverseRoot.FractionBits(row.Length) - 30);
        for (int i = 0; i < row.Length; i++)
        {
            double exact = centered[i] * factor * gains[i];
            double bound = (Math.Abs(exact) * Math.Pow(2, -20)) + 1.25;
            Assert.InRange(output[i], exact + biases[i] - bound, exact + biases[i] + bound);
            Assert.InRange(output[i], -(1 << 29) - 3, (1 << 29) + 3);
        }
    }

    private static int Saturate(double value) => (int)Math.Clamp(value, int.MinValue, int.MaxValue);

    private static double Gaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
