using MobileQuant.Programs;

namespace MobileQuant.Tests.Programs;

public class PackedLayoutTests
{
    [Theory]
    [InlineData(WeightFormat.S8)]
    [InlineData(WeightFormat.S4)]
    [InlineData(WeightFormat.S4B64)]
    [InlineData(WeightFormat.S4B32)]
    public void What_is_packed_is_found_again(WeightFormat format)
    {
        foreach ((int outputs, int inputs) in ((int, int)[])[(1, 1), (16, 64), (17, 65), (40, 200), (3, 31)])
        {
            Random random = new(outputs + inputs);
            int limit = format == WeightFormat.S8 ? 127 : 7;
            sbyte[] codes = [.. Enumerable.Range(0, outputs * inputs).Select(_ => (sbyte)random.Next(-limit, limit + 1))];
            int blocks = PackedLayout.BlockCount(format, inputs);
            byte[] scales = [.. Enumerable.Range(0, outputs * blocks).Select(_ => (byte)random.Next(1, 64))];
            sbyte[] zeros = [.. Enumerable.Range(0, outputs * blocks).Select(_ => (sbyte)random.Next(-8, 8))];
            byte[] packed = new byte[PackedLayout.TotalBytes(format, outputs, inputs)];
            PackedLayout.Pack(format, codes, outputs, inputs, packed, scales, zeros);
            for (int n = 0; n < outputs; n++)
            {
                for (int k = 0; k < inputs; k++)
                {
                    Assert.Equal(codes[(n * inputs) + k], PackedLayout.CodeAt(format, packed, inputs, n, k));
                }

                for (int b = 0; b < blocks; b++)
                {
                    Assert.Equal((scales[(n * blocks) + b], zeros[(n * blocks) + b]), PackedLayout.BlockAt(format, packed, inputs, n, b));
                }
            }
        }
    }

    [Theory]
    [InlineData(WeightFormat.S8, 2048, 8.0)]
    [InlineData(WeightFormat.S4, 2048, 4.0)]
    [InlineData(WeightFormat.S4B64, 2048, 4.15625)]
    [InlineData(WeightFormat.S4B32, 2048, 4.3125)]
    public void A_weight_costs_its_bits_and_ten_per_block(WeightFormat format, int inputs, double bits) =>
        Assert.Equal(bits, PackedLayout.TileBytes(format, inputs) * 8.0 / (16 * inputs));
}
