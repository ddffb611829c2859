using MobileQuant.Quantization;
using MobileQuant.Tests.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Quantization;

public class BlockQuantizationTests
{
    private const int Rows = 24;

    public BlockQuantizationTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData(64, 1, WeightSymmetry.Asymmetric)]
    [InlineData(64, 64, WeightSymmetry.Asymmetric)]
    [InlineData(64, 200, WeightSymmetry.Symmetric)]
    [InlineData(32, 33, WeightSymmetry.Asymmetric)]
    [InlineData(32, 200, WeightSymmetry.Symmetric)]
    public void Codes_scales_and_zero_points_stay_in_range_and_describe_the_weights(int blockSize, int columns, WeightSymmetry symmetry)
    {
        float[] values = Values(columns, seed: columns);
        using torch.Tensor weight = torch.tensor(values, [Rows, columns]);
        QuantizedWeight quantized = WeightQuantizer.Quantize(weight, new(4, symmetry, WeightGranularity.Channel, blockSize));
        using torch.Tensor real = torch.empty(Rows, columns);
        WeightQuantizer.Dequantize(quantized, real);

        int blocks = (columns + blockSize - 1) / blockSize;
        Assert.Null(quantized.ZeroPoints);
        Assert.Equal(Rows * blocks, quantized.BlockScales!.Length);
        Assert.All(quantized.Codes, code => Assert.InRange(code, -8, 7));
        Assert.All(quantized.BlockScales, scale => Assert.InRange(scale, 1, 63));
        Assert.Equal(symmetry == WeightSymmetry.Symmetric, quantized.BlockZeroPoints is null);
        Assert.All(quantized.BlockZeroPoints ?? [], zero => Assert.InRange(zero, -8, 7));
        float[] back = Golden.Values(real);
        for (int i = 0; i < values.Length; i++)
        {
            (int n, int k) = (i / columns, i % columns);
            int block = (n * blocks) + (k / blockSize);
            int zero = quantized.BlockZeroPoints?[block] ?? 0;
            Assert.Equal((quantized.Codes[i] - zero) * (quantized.BlockScales[block] * quantized.Scales[n]), back[i]);
        }
    }

    [Theory]
    [InlineData(WeightSymmetry.Asymmetric)]
    [InlineData(WeightSymmetry.Symmetric)]
    public void Finer_blocks_lose_less_and_the_search_beats_ranges(WeightSymmetry symmetry)
    {
        const int columns = 1024;
        float[] values = Values(columns, seed: 3);
        using torch.Tensor weight = torch.tensor(values, [Rows, columns]);
        double channel = Error(weight, new(4, symmetry, WeightGranularity.Channel));
        double blocks64 = Error(weight, new(4, symmetry, WeightGranularity.Channel, 64));
        double blocks32 = Error(weight, new(4, symmetry, WeightGranularity.Channel, 32));

        // Blocks with float scales from their ranges, which cost 16 bits more per block: a matrix of short rows.
        using torch.Tensor rows = torch.tensor(values, [Rows * columns / 64, 64]);
        double ranges64 = Error(rows, new(4, symmetry, WeightGranularity.Channel));
        Assert.True(blocks32 < blocks64 && blocks64 < channel, $"{channel} {blocks64} {blocks32}");
        Assert.True(blocks64 < ranges64, $"{blocks64} {ranges64}");
    }

    [Fact]
    public void Weights_on_a_block_grid_are_found_again()
    {
        // Scales 63 and 21 of a channel scale of 2^-6, one-sided blocks with zero points at the ends of the codes.
        float[] values = new float[64];
        for (int k = 0; k < 32; k++)
        {
            values[k] = k % 16 * 63 / 64f;
            values[32 + k] = -(k % 16) * 21 / 64f;
        }

        using torch.Tensor weight = torch.tensor(values, [1, 64]);
        QuantizedWeight quantized = WeightQuantizer.Quantize(weight, new(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel, 32));
        Assert.Equal(1 / 64f, quantized.Scales[0]);
        Assert.Equal(new byte[] { 63, 21 }, quantized.BlockScales);
        Assert.Equal(new sbyte[] { -8, 7 }, quantized.BlockZeroPoints);
    }

    [Fact]
    public void A_row_of_zeros_becomes_zeros()
    {
        using torch.Tensor weight = torch.zeros(1, 70);
        QuantizedWeight quantized = WeightQuantizer.Quantize(weight, new(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel, 64));
        using torch.Tensor real = torch.ones(1, 70);
        WeightQuantizer.Dequantize(quantized, real);
        Assert.All(Golden.Values(real), value => Assert.Equal(0, value));
        Assert.Equal(new byte[] { 1, 1 }, quantized.BlockScales);
    }

    [Theory]
    [InlineData(4, WeightSymmetry.Asymmetric, 64)]
    [InlineData(4, WeightSymmetry.Symmetric, 32)]
    [InlineData(4, WeightSymmetry.Asymmetric, 0)]
    [InlineData(8, WeightSymmetry.Symmetric, 0)]
    public void A_fitted_grid_rounds_columns_in_any_order_to_what_dequantizing_gives(int bits, WeightSymmetry symmetry, int blockSize)
    {
        const int columns = 100;
        using torch.Tensor weight = torch.tensor(Values(columns, seed: 5), [Rows, columns]);
        WeightScheme scheme = new(bits, symmetry, WeightGranularity.Channel, blockSize);
        FittedGrid grid = WeightQuantizer.FitGrid(weight, scheme);
        float[] moved = Values(columns, seed: 6);
        float[] reals = new float[moved.Length];
        float[] column = new float[Rows];
        foreach (int k in Enumerable.Range(0, columns).OrderBy(k => k * 37 % columns))
        {
            for (int n = 0; n < Rows; n++)
            {
                column[n] = moved[(n * columns) + k];
            }

            grid.RoundColumn(k, column, column);
            for (int n = 0; n < Rows; n++)
            {
                reals[(n * columns) + k] = column[n];
            }
        }

        QuantizedWeight plain = WeightQuantizer.Quantize(weight, scheme);
        QuantizedWeight rounded = grid.ToWeight();
        Assert.Equal(plain.Scales, rounded.Scales);
        Assert.Equal(plain.BlockScales, rounded.BlockScales);
        Assert.Equal(plain.BlockZeroPoints, rounded.BlockZeroPoints);
        using torch.Tensor back = torch.empty(Rows, columns);
        WeightQuantizer.Dequantize(rounded, back);
        Assert.Equal(Golden.Values(back), reals);
    }

    [Theory]
    [InlineData(8, WeightGranularity.Channel, 64)]
    [InlineData(4, WeightGranularity.Tensor, 64)]
    [InlineData(4, WeightGranularity.Channel, 48)]
    public void Other_blocks_are_refused(int bits, WeightGranularity granularity, int blockSize)
    {
        using torch.Tensor weight = torch.zeros(1, 70);
        Assert.Throws<ArgumentException>(() => WeightQuantizer.FitGrid(weight, new(bits, WeightSymmetry.Symmetric, granularity, blockSize)));
    }

    private static double Error(torch.Tensor weight, WeightScheme scheme)
    {
        using torch.Tensor real = torch.empty_like(weight);
        WeightQuantizer.Dequantize(WeightQuantizer.Quantize(weight, scheme), real);
        return (real - weight).square().mean().item<float>();
    }

    /// <summary>Nearly normal values, with blocks of different spread and some outliers.</summary>
    private static float[] Values(int columns, int seed)
    {
        Random random = new(seed);
        return
        [
            .. Enumerable.Range(0, Rows * columns).Select(i =>
                (float)((random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5)
                    * (1 + (i % columns / 16 % 4)) * (random.Next(100) == 0 ? 3 : 1))),
        ];
    }
}
