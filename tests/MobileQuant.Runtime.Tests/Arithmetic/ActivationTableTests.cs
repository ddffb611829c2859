using MobileQuant.Arithmetic;

namespace MobileQuant.Tests.Arithmetic;

public class ActivationTableTests
{
    [Theory]
    [InlineData(1e-4)]
    [InlineData(1e-3)]
    [InlineData(5e-3)]
    [InlineData(5e-2)]
    public void Silu_by_table_is_within_its_stated_bound_of_the_real_one(double scale)
    {
        short[] knots = ActivationTable.Create(Silu, scale);
        int bits = ActivationTable.SpacingBits(scale);
        double spacing = (1 << bits) * scale;

        // Linear interpolation errs by spacing^2 / 8 * max|f''| with |silu''| <= 0.5; one code more for the two roundings.
        double bound = (spacing * spacing / 16) + scale + 2e-6;
        for (int gate = -32767; gate <= 32767; gate++)
        {
            double exact = Silu(gate * scale);
            Assert.InRange((ActivationTable.Evaluate(knots, bits, gate) * scale) - exact, -bound, bound);
        }
    }

    [Theory]
    [InlineData(1e-4)]
    [InlineData(1e-3)]
    [InlineData(5e-3)]
    [InlineData(5e-2)]
    public void Gelu_by_table_is_within_its_stated_bound_of_the_real_one(double scale)
    {
        short[] knots = ActivationTable.Create(Gelu, scale);
        int bits = ActivationTable.SpacingBits(scale);
        double spacing = (1 << bits) * scale;

        // |gelu''| <= 2 * 0.4: a little more than SiLU's.
        double bound = (spacing * spacing / 10) + scale + 2e-6;
        for (int gate = -32767; gate <= 32767; gate++)
        {
            double exact = Gelu(gate * scale);
            Assert.InRange((ActivationTable.Evaluate(knots, bits, gate) * scale) - exact, -bound, bound);
        }
    }

    [Fact]
    public void Coarse_gates_of_massive_models_stay_within_one_code() =>
        Assert.Equal(0, ActivationTable.SpacingBits(0.05));

    private static double Gelu(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    private static double Silu(double x) => x / (1 + Math.Exp(-x));
}
