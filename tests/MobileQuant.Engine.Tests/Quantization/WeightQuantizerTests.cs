using MobileQuant.Quantization;
using MobileQuant.Tests.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Quantization;

public class WeightQuantizerTests
{
    public WeightQuantizerTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData(8, WeightSymmetry.Symmetric, WeightGranularity.Channel)]
    [InlineData(8, WeightSymmetry.Asymmetric, WeightGranularity.Channel)]
    [InlineData(8, WeightSymmetry.Asymmetric, WeightGranularity.Tensor)]
    [InlineData(4, WeightSymmetry.Symmetric, WeightGranularity.Channel)]
    [InlineData(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel)]
    [InlineData(4, WeightSymmetry.Asymmetric, WeightGranularity.Tensor)]
    public void Codes_stay_on_the_grid_and_within_a_step_of_the_weights(int bits, WeightSymmetry symmetry, WeightGranularity granularity)
    {
        float[] values = Values(rows: 7, columns: 33, seed: bits);
        using torch.Tensor weight = torch.tensor(values, [7, 33]);
        QuantizedWeight quantized = WeightQuantizer.Quantize(weight, new(bits, symmetry, granularity));
        using torch.Tensor real = torch.empty(7, 33);
        WeightQuantizer.Dequantize(quantized, real);

        (int lowest, int highest) = bits == 8 ? (-127, 127) : (-8, 7);
        Assert.All(quantized.Codes, code => Assert.InRange(code, lowest, highest));
        Assert.Equal(symmetry == WeightSymmetry.Symmetric, quantized.ZeroPoints is null);
        Assert.Equal(granularity == WeightGranularity.Tensor, quantized.Scales.Distinct().Count() == 1);
        float[] back = Golden.Values(real);
        for (int i = 0; i < values.Length; i++)
        {
            // Half a step from rounding, and half a step where the zero point's own rounding shifts the ends of the range.
            Assert.InRange(Math.Abs(values[i] - back[i]), 0, quantized.Scales[i / 33] * 1.001f);
        }
    }

    [Fact]
    public void Symmetric_codes_reach_the_end_of_the_grid_exactly_once_scaled()
    {
        using torch.Tensor weight = torch.tensor(new float[] { 1, -2, 0.5f, 127 / 64f }, [1, 4]);
        QuantizedWeight quantized = WeightQuantizer.Quantize(weight, new(8, WeightSymmetry.Default, WeightGranularity.Channel));
        Assert.Equal(2f / 127, quantized.Scales[0]);
        Assert.Equal(new sbyte[] { 64, -127, 32, 126 }, quantized.Codes);
    }

    [Fact]
    public void Asymmetric_grids_cover_one_sided_rows_and_keep_zero_a_code()
    {
        using torch.Tensor weight = torch.tensor(new float[] { 0, 1, 2, 15, -15, -1, -2, 0 }, [2, 4]);
        QuantizedWeight quantized = WeightQuantizer.Quantize(weight, new(4, WeightSymmetry.Default, WeightGranularity.Channel));
        Assert.Equal(new float[] { 1, 1 }, quantized.Scales);
        Assert.Equal(new sbyte[] { -8, 7 }, quantized.ZeroPoints);
        Assert.Equal(new sbyte[] { -8, -7, -6, 7, -8, 6, 5, 7 }, quantized.Codes);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1e-45f)]
    public void A_row_without_extent_becomes_zeros(float value)
    {
        using torch.Tensor weight = torch.full([1, 4], value);
        foreach (WeightSymmetry symmetry in Enum.GetValues<WeightSymmetry>())
        {
            QuantizedWeight quantized = WeightQuantizer.Quantize(weight, new(8, symmetry, WeightGranularity.Channel));
            Assert.True(quantized.Scales[0] > 0);
            Assert.All(quantized.Codes, code => Assert.Equal(quantized.ZeroPoints?[0] ?? 0, code));
        }
    }

    private static float[] Values(int rows, int columns, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, rows * columns).Select(i => (float)((random.NextDouble() - 0.4) * (1 + (i / columns))))];
    }
}
