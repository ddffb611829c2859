namespace MobileQuant.Modeling;

/// <summary>Rotary position embedding over the first <see cref="Fraction"/> of each head, halves rotated against each other.</summary>
public sealed record RotarySettings
{
    /// <summary>Share of the head that is rotated, in (0, 1].</summary>
    public double Fraction { get; init; } = 1;

    /// <summary>Base of the geometric series of frequencies.</summary>
    public double Base { get; init; } = 10_000;

    /// <summary>Stretching of the frequencies.</summary>
    public RotaryScalingKind Scaling { get; init; }

    /// <summary>Stretching factor, at least 1.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Llama3: wave lengths over original context / this are divided by the factor.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama3: wave lengths under original context / this are kept.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>Llama3: the context of pre-training, in tokens.</summary>
    public int OriginalContextLength { get; init; }

    /// <summary>Divisors: one for each rotated pair; otherwise empty.</summary>
    public IReadOnlyList<double> Divisors { get; init; } = [];

    /// <summary>Number of rotated channels of a head: even, at most <paramref name="headSize"/>.</summary>
    /// <param name="headSize">Channels of a head.</param>
    /// <returns>The rotated channels come first.</returns>
    public int RotatedSize(int headSize) => (int)(headSize * Fraction) / 2 * 2;

    /// <summary>Radians per position, one for each rotated pair (i, i + rotated/2).</summary>
    /// <param name="headSize">Channels of a head.</param>
    /// <returns>Rotated size / 2 frequencies.</returns>
    public double[] InverseFrequencies(int headSize)
    {
        int rotated = RotatedSize(headSize);
        double[] frequencies = new double[rotated / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            double frequency = 1 / Math.Pow(Base, 2.0 * i / rotated);
            frequencies[i] = Scaling switch
            {
                RotaryScalingKind.None => frequency,
                RotaryScalingKind.Linear => frequency / Factor,
                RotaryScalingKind.Llama3 => StretchLlama3(frequency),
                RotaryScalingKind.Divisors => frequency / Divisors[i],
                _ => throw new InvalidOperationException($"unknown rotary scaling {Scaling}"),
            };
        }

        return frequencies;
    }

    private double StretchLlama3(double frequency)
    {
        double waveLength = 2 * Math.PI / frequency;
        if (waveLength < OriginalContextLength / HighFrequencyFactor)
        {
            return frequency;
        }

        if (waveLength > OriginalContextLength / LowFrequencyFactor)
        {
            return frequency / Factor;
        }

        double ramp = ((OriginalContextLength / waveLength) - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
        return ((1 - ramp) * frequency / Factor) + (ramp * frequency);
    }
}
