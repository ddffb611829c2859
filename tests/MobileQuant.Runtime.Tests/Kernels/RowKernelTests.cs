using MobileQuant.Arithmetic;
using MobileQuant.Kernels;

namespace MobileQuant.Tests.Kernels;

/// <summary>Row quantization for speed against its specification, in guarded memory.</summary>
public class RowKernelTests
{
    [Theory]
    [InlineData(100)]
    [InlineData(40_000)]
    [InlineData((1 << 30) - 1)]
    public void A_token_row_is_quantized_as_specified(int bound)
    {
        for (int length = 0; length <= 257; length++)
        {
            Random random = new(length);
            using GuardedBuffer<int> row = Row(random, length, bound, atEnd: length % 3 != 0);
            RowQuantizer expected = RowQuantizer.FromRow(row.Span);
            RowQuantizer actual = RowKernels.FromRow(row.Span);
            Assert.Equal(expected, actual);
            CheckCodes(expected, row.Span, length + (length % 9));
        }
    }

    [Fact]
    public void Rows_of_one_sign_and_of_zeros_are_quantized_as_specified()
    {
        int[][] rows = [new int[19], [.. Enumerable.Range(5, 40)], [.. Enumerable.Range(-90, 40)], [-7], [1 << 29]];
        foreach (int[] row in rows)
        {
            RowQuantizer quantizer = RowKernels.FromRow(row);
            Assert.Equal(RowQuantizer.FromRow(row), quantizer);
            CheckCodes(quantizer, row, row.Length);
        }
    }

    [Fact]
    public void A_static_row_is_quantized_as_specified_for_every_shift_and_any_value()
    {
        for (int shift = 1; shift <= 62; shift++)
        {
            Random random = new(shift);
            int[] row = new int[70];
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = (i % 4) switch
                {
                    0 => int.MinValue,
                    1 => int.MaxValue,
                    2 => random.Next(-1000, 1000),
                    _ => random.Next(int.MinValue, int.MaxValue),
                };
            }

            CheckCodes(new(new(random.Next(1 << 29, int.MaxValue), shift), new(random.Next(256), 1 << 30, 0)), row, 72);
            CheckCodes(new(new(0, shift), new(shift, 1 << 30, 0)), row, 70);
        }
    }

    [Theory]
    [InlineData(9)]
    [InlineData(14)]
    [InlineData(16)]
    public void A_wide_row_is_quantized_as_specified(int bits)
    {
        for (int length = 0; length <= 257; length++)
        {
            Random random = new(length);
            int bound = (length % 3) switch { 0 => 1, 1 => 3000, _ => (1 << 30) - 1 };
            using GuardedBuffer<int> row = Row(random, length, bound, atEnd: length % 2 == 0);
            int padded = length + (length % 5);
            byte[] high = new byte[padded];
            byte[] low = new byte[padded];
            RowScale expected = WideRowQuantizer.Quantize(row.Span, bits, high, low, out int expectedSum);
            using GuardedBuffer<byte> actualHigh = Dirty(padded);
            using GuardedBuffer<byte> actualLow = Dirty(padded);
            RowScale actual = RowKernels.QuantizeWide(row.Span, bits, actualHigh.Span, actualLow.Span, out int sum);
            Assert.Equal(expected, actual);
            Assert.Equal(expectedSum, sum);
            Assert.True(actualHigh.Span.SequenceEqual(high) && actualLow.Span.SequenceEqual(low), $"length {length}");
        }
    }

    [Fact]
    public void A_static_wide_row_is_quantized_as_specified_for_every_shift_and_any_value()
    {
        for (int shift = 1; shift <= 62; shift++)
        {
            Random random = new(shift);
            int[] row = [.. Enumerable.Range(0, 77).Select(i => i % 5 == 0 ? (i % 2 == 0 ? int.MinValue : int.MaxValue) : random.Next(int.MinValue, int.MaxValue) >> random.Next(31))];
            foreach (int bits in (int[])[9, 13, 16])
            {
                FixedPointFactor factor = new(random.Next(4) == 0 ? 0 : random.Next(1 << 30, int.MaxValue), shift);
                byte[] high = new byte[80];
                byte[] low = new byte[80];
                int expected = WideRowQuantizer.Quantize(row, factor, bits, high, low);
                using GuardedBuffer<byte> actualHigh = Dirty(80);
                using GuardedBuffer<byte> actualLow = Dirty(80);
                Assert.Equal(expected, RowKernels.QuantizeWide(row, factor, bits, actualHigh.Span, actualLow.Span));
                Assert.True(actualHigh.Span.SequenceEqual(high) && actualLow.Span.SequenceEqual(low), $"shift {shift}, {bits} bits");

                // The definition itself: round half up, clamp, add the zero point.
                int limit = (1 << (bits - 1)) - 1;
                for (int i = 0; i < row.Length; i++)
                {
                    Int128 product = ((Int128)row[i] * factor.Multiplier) + (Int128.One << (shift - 1));
                    Assert.Equal((int)Int128.Clamp(product >> shift, -limit, limit) + 32768, (high[i] << 8) | low[i]);
                }
            }
        }
    }

    private static void CheckCodes(RowQuantizer quantizer, ReadOnlySpan<int> row, int padded)
    {
        byte[] expected = new byte[padded];
        int expectedSum = quantizer.Quantize(row, expected);
        using GuardedBuffer<byte> actual = Dirty(padded);
        int sum = RowKernels.Quantize(quantizer, row, actual.Span);
        Assert.Equal(expectedSum, sum);
        Assert.True(actual.Span.SequenceEqual(expected), $"length {row.Length}, {quantizer}");
    }

    private static GuardedBuffer<byte> Dirty(int length)
    {
        GuardedBuffer<byte> buffer = new(length, atEnd: true);
        buffer.Span.Fill(0xEE);
        return buffer;
    }

    private static GuardedBuffer<int> Row(Random random, int length, int bound, bool atEnd)
    {
        GuardedBuffer<int> row = new(length, atEnd);
        foreach (ref int y in row.Span)
        {
            y = random.Next(10) == 0 ? (random.Next(2) == 0 ? bound : -bound) : random.Next(-bound, bound);
        }

        return row;
    }
}
