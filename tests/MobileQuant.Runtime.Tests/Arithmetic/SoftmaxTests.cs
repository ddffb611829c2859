using MobileQuant.Arithmetic;

namespace MobileQuant.Tests.Arithmetic;

public class SoftmaxTests
{
    [Fact]
    public void Negative_power_of_two_is_within_its_stated_bound()
    {
        for (long u = 0; u < 20L << 16; u += 7)
        {
            double exact = Math.Min(Math.Pow(2, 15 - (u / 65536.0)), Exponential.Maximum);
            Assert.InRange(Exponential.NegativePowerOfTwo(u) - exact, -0.54, 0.54);
        }

        Assert.Equal(0, Exponential.NegativePowerOfTwo(long.MaxValue));
    }

    [Fact]
    public void Negative_power_of_two_never_rises()
    {
        int last = Exponential.Maximum;
        for (long u = 0; u < 17L << 16; u++)
        {
            int value = Exponential.NegativePowerOfTwo(u);
            Assert.True(value <= last);
            last = value;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(4000)]
    public void Attention_of_a_head_equals_the_real_one(int count)
    {
        const double scoreScale = 1e-5;
        Random random = new(count);
        int[] scores = [.. Enumerable.Range(0, count).Select(_ => random.Next(-600_000, 600_000))];
        int[] values = [.. Enumerable.Range(0, count).Select(_ => random.Next(-128, 128))];
        short[] weights = new short[count];
        FixedPointFactor factor = FixedPointFactor.FromDouble(scoreScale * Math.Log2(Math.E) * 65536);
        long sum = Softmax.Weights(scores, factor, weights);
        long total = 0;
        for (int i = 0; i < count; i++)
        {
            total += weights[i] * values[i];
        }

        double largest = scores.Max();
        double[] exact = [.. scores.Select(s => Math.Exp((s - largest) * scoreScale))];
        double expected = exact.Zip(values, (p, v) => p * v).Sum() / exact.Sum();
        Assert.InRange((Softmax.Divide(total, sum) / 65536.0) - expected, -0.02, 0.02);
    }

    [Fact]
    public void Division_is_exact_to_its_last_bit_at_the_extremes()
    {
        foreach (long sum in (long[])[1, 32767, 32768, 65535, 1L << 23, (1L << 24) - 1, (1L << 32) - 1])
        {
            foreach (long total in (long[])[-255 * sum, -sum, 0, 1, sum, 255 * sum])
            {
                double exact = (double)total / sum * 65536;
                Assert.InRange(Softmax.Divide(total, sum) - exact, -2, 2);
            }
        }
    }

    [Fact]
    public void Scores_far_apart_do_not_overflow()
    {
        short[] weights = new short[2];
        long sum = Softmax.Weights([int.MinValue + 1, int.MaxValue], FixedPointFactor.FromDouble(1), weights);
        Assert.Equal([0, 32767], weights);
        Assert.Equal(32767, sum);
    }
}
