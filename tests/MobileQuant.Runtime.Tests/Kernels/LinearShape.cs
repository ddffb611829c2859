using MobileQuant.Programs;

namespace MobileQuant.Tests.Kernels;

/// <summary>What a <see cref="LinearCase"/> is made of.</summary>
internal sealed record LinearShape(int OutputSize, int InputSize, int Rows, WeightFormat Format)
{
    public bool Asymmetric { get; init; }

    public bool Bias { get; init; }

    public bool Wide { get; init; }

    /// <summary>Only the codes at the ends of their ranges.</summary>
    public bool ExtremeCodes { get; init; }

    /// <summary>Any shift, any exponent, zero multipliers, in place of factors that keep outputs moderate.</summary>
    public bool ExtremeScales { get; init; }

    public bool AtEnd { get; init; } = true;

    public int Seed { get; init; }
}
