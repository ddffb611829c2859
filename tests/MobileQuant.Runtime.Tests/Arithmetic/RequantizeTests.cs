using MobileQuant.Arithmetic;

namespace MobileQuant.Tests.Arithmetic;

public class RequantizeTests
{
    [Theory]
    [InlineData(3, 2)] // 1.5 rounds to 2
    [InlineData(-3, -1)] // -1.5 rounds to -1
    [InlineData(5, 3)]
    [InlineData(-5, -2)]
    public void Requantize_rounds_halves_up(int value, long expected) =>
        Assert.Equal(expected, Requantize.Scale(value, 1 << 30, 31));

    [Fact]
    public void Requantize_equals_exact_arithmetic_at_the_extremes()
    {
        int[] values = [int.MinValue, int.MinValue + 1, -1, 0, 1, 255, int.MaxValue];
        int[] multipliers = [0, 1 << 29, 1 << 30, int.MaxValue];
        foreach (int value in values)
        {
            foreach (int multiplier in multipliers)
            {
                for (int shift = 1; shift <= 62; shift++)
                {
                    Int128 exact = (((Int128)value * multiplier) + ((Int128)1 << (shift - 1))) >> shift;
                    Assert.Equal(exact, (Int128)Requantize.Scale(value, multiplier, shift));
                }
            }
        }
    }

    [Fact]
    public void A_factor_is_the_nearest_normalized_one()
    {
        Random random = new(1);
        for (int i = 0; i < 10_000; i++)
        {
            double value = Math.Pow(2, (random.NextDouble() * 58) - 30);
            FixedPointFactor factor = FixedPointFactor.FromDouble(value);
            Assert.InRange(factor.Multiplier, 1 << 30, int.MaxValue);
            Assert.InRange(factor.Shift, 1, 62);
            Assert.InRange(factor.ToDouble() / value, 1 - 1e-9, 1 + 1e-9);
        }

        Assert.Equal(0, FixedPointFactor.FromDouble(0).Multiplier);
        Assert.Throws<ArgumentOutOfRangeException>(() => FixedPointFactor.FromDouble(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => FixedPointFactor.FromDouble(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => FixedPointFactor.FromDouble(Math.Pow(2, 31)));
    }

    [Fact]
    public void A_folded_multiplier_keeps_thirty_bits()
    {
        Random random = new(2);
        for (int i = 0; i < 10_000; i++)
        {
            int channel = random.Next(1 << 30, int.MaxValue);
            int row = random.Next(1 << 30, int.MaxValue);
            int folded = Requantize.Fold(channel, row);
            Assert.InRange(folded, 1 << 29, int.MaxValue);
            Assert.InRange(folded - ((double)channel * row / Math.Pow(2, 31)), -0.5, 0.5);
        }

        Assert.Equal(int.MaxValue - 1, Requantize.Fold(int.MaxValue, int.MaxValue));
    }
}
