using MobileQuant.Quantization;
using MobileQuant.Tests.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Quantization;

public class ActivationGridTests
{
    public ActivationGridTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData(-3f, 5f, 8)]
    [InlineData(0.5f, 5f, 8)]
    [InlineData(-5f, -1f, 8)]
    [InlineData(-30000f, 5f, 16)]
    public void Static_rounding_follows_the_definition(float minimum, float maximum, int bits)
    {
        float[] x = [.. Enumerable.Range(-40, 81).Select(i => i * 0.171f)];
        using torch.Tensor tensor = torch.tensor(x);
        using torch.Tensor rounded = ActivationGrid.Round(tensor, new ValueRange(minimum, maximum), bits);
        Assert.Equal(x.Select(v => Reference(v, minimum, maximum, bits)), Golden.Values(rounded));
        Assert.Equal(0, Golden.Values(rounded)[40]);
    }

    [Fact]
    public void Token_rounding_takes_each_token_by_itself()
    {
        float[] x = [1, -1, 0.3f, 100, -3, 0.3f, 0.001f, 0.002f, 0.0005f, 0, 0, 0];
        using torch.Tensor tensor = torch.tensor(x, [1, 4, 3]);
        using torch.Tensor rounded = ActivationGrid.RoundTokens(tensor, 8);
        float[] expected = [.. x.Chunk(3).SelectMany(token => token.Select(v => Reference(v, token.Min(), token.Max(), 8)))];
        Assert.Equal(expected, Golden.Values(rounded));
    }

    [Fact]
    public void Head_rounding_uses_each_heads_range()
    {
        float[] x = [0.11f, -0.52f, 0.93f, 11f, -52f, 93f];
        using torch.Tensor tensor = torch.tensor(x, [1, 2, 1, 3]);
        using torch.Tensor rounded = ActivationGrid.Round(tensor, [new(-1, 1), new(-100, 100)], 8);
        float[] expected = [.. x.Take(3).Select(v => Reference(v, -1, 1, 8)), .. x.Skip(3).Select(v => Reference(v, -100, 100, 8))];
        Assert.Equal(expected, Golden.Values(rounded));
    }

    private static float Reference(float x, float minimum, float maximum, int bits)
    {
        int highest = (1 << bits) - 1;
        float low = Math.Min(minimum, 0);
        float scale = (Math.Max(maximum, 0) - low) / highest;
        if (scale == 0)
        {
            return 0;
        }

        float zero = Math.Clamp(MathF.Round(-low / scale), 0, highest);
        return (Math.Clamp(MathF.Round(x / scale) + zero, 0, highest) - zero) * scale;
    }
}
