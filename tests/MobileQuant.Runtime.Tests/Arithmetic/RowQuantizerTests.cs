using MobileQuant.Arithmetic;

namespace MobileQuant.Tests.Arithmetic;

public class RowQuantizerTests
{
    [Fact]
    public void Token_codes_are_within_half_a_step_and_zero_is_exact()
    {
        Random random = new(11);
        for (int i = 0; i < 2000; i++)
        {
            int magnitude = 1 << random.Next(1, 30);
            int[] row = [.. Enumerable.Range(0, 33).Select(_ => random.Next(-magnitude + 1, magnitude)), 0];
            if (i % 5 == 0)
            {
                row = [.. row.Select(Math.Abs)];
            }

            RowQuantizer quantizer = RowQuantizer.FromRow(row);
            byte[] codes = new byte[40];
            Array.Fill(codes, (byte)7);
            int sum = quantizer.Quantize(row, codes);

            double step = (Math.Max(row.Max(), 0) - (double)Math.Min(row.Min(), 0)) / 255;
            double scale = Math.ScaleB(quantizer.Scale.Multiplier, RowScale.UnitBits - 31 - quantizer.Scale.Exponent) / 255;
            Assert.InRange(scale, step * (1 - 1e-6), step * (1 + 1e-6));
            Assert.Equal(codes.Take(row.Length).Sum(c => c), sum);
            Assert.Equal(quantizer.Scale.ZeroPoint, codes[row.Length - 1]);
            for (int k = 0; k < row.Length; k++)
            {
                // Half a step for the code, and half for the zero point's own rounding at the ends of the range.
                Assert.InRange(((codes[k] - quantizer.Scale.ZeroPoint) * step) - row[k], -step * 1.001, step * 1.001);
            }

            Assert.All(codes[row.Length..], c => Assert.Equal(0, c));
        }
    }

    [Fact]
    public void A_row_of_zeros_quantizes_to_zero()
    {
        RowQuantizer quantizer = RowQuantizer.FromRow(new int[5]);
        byte[] codes = new byte[5];
        Assert.Equal(0, quantizer.Quantize(new int[5], codes));
        Assert.Equal(0, quantizer.Scale.ZeroPoint);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(12)]
    [InlineData(16)]
    public void Wide_codes_are_within_half_a_step(int bits)
    {
        Random random = new(bits);
        int limit = (1 << (bits - 1)) - 1;
        for (int i = 0; i < 500; i++)
        {
            int magnitude = 1 << random.Next(1, 30);
            int[] row = [.. Enumerable.Range(0, 21).Select(_ => random.Next(-magnitude + 1, magnitude))];
            byte[] high = new byte[24];
            byte[] low = new byte[24];
            RowScale scale = WideRowQuantizer.Quantize(row, bits, high, low, out int sum);
            double largest = row.Max(y => Math.Abs((double)y));
            double step = largest / limit;
            int expectedSum = 0;
            for (int k = 0; k < row.Length; k++)
            {
                int stored = (high[k] << 8) | low[k];
                expectedSum += stored;
                Assert.InRange(((stored - scale.ZeroPoint) * step) - row[k], -step * 0.51, step * 0.51);
            }

            Assert.Equal(expectedSum, sum);
            if (largest > 0)
            {
                Assert.Equal(largest, Math.ScaleB(scale.Multiplier, RowScale.UnitBits - 31 - scale.Exponent));
            }
        }
    }
}
