using MobileQuant.Arithmetic;
using MobileQuant.Lowering;
using MobileQuant.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Lowering;

public class ActivationFunctionTests
{
    // Abramowitz and Stegun, table 7.1.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.1, 0.1124629160)]
    [InlineData(0.5, 0.5204998778)]
    [InlineData(1, 0.8427007929)]
    [InlineData(1.5, 0.9661051465)]
    [InlineData(2, 0.9953222650)]
    [InlineData(10, 1)]
    public void The_error_function_has_its_published_values(double x, double expected)
    {
        Assert.Equal(expected, ErrorFunction.Of(x), 10);
        Assert.Equal(-expected, ErrorFunction.Of(-x), 10);
    }

    [Theory]
    [InlineData(ActivationKind.Silu)]
    [InlineData(ActivationKind.GeluTanh)]
    [InlineData(ActivationKind.GeluErf)]
    public void Functions_equal_those_of_the_float_model(ActivationKind kind)
    {
        TorchRuntime.EnsureLoaded();
        Func<double, double> function = ActivationFunction.Of(kind);
        using torch.Tensor x = torch.linspace(-12, 12, 2401, torch.float64);
        using torch.Tensor y = kind switch
        {
            ActivationKind.Silu => torch.nn.functional.silu(x),
            ActivationKind.GeluErf => torch.nn.functional.gelu(x),
            _ => x * 0.5 * (1 + (Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x.pow(3)))).tanh()),
        };
        Assert.All(x.data<double>().Zip(y.data<double>()), p => Assert.Equal(p.Second, function(p.First), 12));
    }

    [Theory]
    [InlineData(1e-3)]
    [InlineData(2e-2)]
    public void Gelu_with_the_error_function_fits_the_table_s_bound(double scale)
    {
        Func<double, double> function = ActivationFunction.Of(ActivationKind.GeluErf);
        short[] knots = ActivationTable.Create(function, scale);
        int bits = ActivationTable.SpacingBits(scale);
        double spacing = (1 << bits) * scale;
        double bound = (spacing * spacing / 10) + scale + 2e-6;
        for (int gate = -32767; gate <= 32767; gate += 7)
        {
            Assert.InRange((ActivationTable.Evaluate(knots, bits, gate) * scale) - function(gate * scale), -bound, bound);
        }
    }
}
