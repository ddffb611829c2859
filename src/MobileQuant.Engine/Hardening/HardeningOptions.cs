using System.Globalization;

namespace MobileQuant.Hardening;

/// <summary>How loud a hard variant's channels are, and how many.</summary>
public sealed record HardeningOptions
{
    private const int LargestFactor = 1 << 16;

    /// <summary>Seed of which channels become loud, and how loud.</summary>
    public int Seed { get; init; } = 1337;

    /// <summary>Share of a producer's channels in (0, 1]; at least one channel is taken.</summary>
    public double Share { get; init; } = 0.01;

    /// <summary>The smallest factor, a power of two from 2.</summary>
    public int MinimumFactor { get; init; } = 8;

    /// <summary>The largest factor, a power of two up to 65536.</summary>
    public int MaximumFactor { get; init; } = 64;

    /// <summary>Refuses what makes no sense.</summary>
    /// <exception cref="MobileQuantException">MQ1020: a share outside of (0, 1], or factors that are no powers of two in order.</exception>
    public void Validate()
    {
        if (!(Share > 0 && Share <= 1))
        {
            throw new MobileQuantException("MQ1020", $"The share of loud channels is {Share.ToString(CultureInfo.InvariantCulture)}; expected more than 0 and at most 1.", "Use for example 0.01.");
        }

        foreach (int factor in (int[])[MinimumFactor, MaximumFactor])
        {
            if (factor is < 2 or > LargestFactor || !int.IsPow2(factor))
            {
                throw new MobileQuantException("MQ1020", $"The factor {factor} is no power of two from 2 to {LargestFactor}.", "Use powers of two, which change no digit of a float, such as 8 and 64.");
            }
        }

        if (MinimumFactor > MaximumFactor)
        {
            throw new MobileQuantException("MQ1020", $"The smallest factor, {MinimumFactor}, is above the largest, {MaximumFactor}.", "Use for example 8 and 64.");
        }
    }

    /// <summary>Draws the factors of one producer's channels.</summary>
    /// <param name="channels">Number of channels.</param>
    /// <param name="random">Advanced by the draw.</param>
    /// <returns>1, or for some a power of two between the two factors, each equally likely.</returns>
    internal float[] Draw(int channels, Random random)
    {
        int loud = Math.Clamp((int)Math.Round(Share * channels, MidpointRounding.AwayFromZero), 1, channels);
        int steps = int.Log2(MaximumFactor) - int.Log2(MinimumFactor) + 1;
        int[] order = [.. Enumerable.Range(0, channels)];
        random.Shuffle(order);
        float[] factors = new float[channels];
        Array.Fill(factors, 1);
        foreach (int channel in order.AsSpan(0, loud))
        {
            factors[channel] = MinimumFactor << random.Next(steps);
        }

        return factors;
    }
}
