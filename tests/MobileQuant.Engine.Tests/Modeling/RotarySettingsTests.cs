using MobileQuant.Modeling;

namespace MobileQuant.Tests.Modeling;

public class RotarySettingsTests
{
    [Fact]
    public void Frequencies_fall_geometrically_from_one()
    {
        double[] frequencies = new RotarySettings { Base = 10_000 }.InverseFrequencies(8);
        Assert.Equal([1, 0.1, 0.01, 0.001], frequencies.Select(f => Math.Round(f, 9)));
    }

    [Fact]
    public void Linear_scaling_divides_every_frequency()
    {
        double[] plain = new RotarySettings().InverseFrequencies(16);
        double[] scaled = new RotarySettings { Scaling = RotaryScalingKind.Linear, Factor = 4 }.InverseFrequencies(16);
        Assert.Equal(plain.Select(f => f / 4), scaled);
    }

    [Fact]
    public void Llama3_scaling_keeps_high_and_divides_low_frequencies()
    {
        RotarySettings settings = new() { Base = 500_000, Scaling = RotaryScalingKind.Llama3, Factor = 8, LowFrequencyFactor = 1, HighFrequencyFactor = 4, OriginalContextLength = 8192 };
        double[] plain = new RotarySettings { Base = 500_000 }.InverseFrequencies(128);
        double[] scaled = settings.InverseFrequencies(128);
        Assert.Equal(plain[0], scaled[0]);
        Assert.Equal(plain[^1] / 8, scaled[^1]);
        Assert.All(plain.Zip(scaled), pair => Assert.InRange(pair.Second, pair.First / 8, pair.First));
        Assert.Contains(plain.Zip(scaled), pair => pair.Second > pair.First / 7.9 && pair.Second < pair.First / 1.1);
    }

    [Fact]
    public void A_fraction_rotates_the_first_channels_only() =>
        Assert.Equal(8, new RotarySettings { Fraction = 0.25 }.InverseFrequencies(64).Length);
}
