namespace MobileQuant.Programs;

/// <summary>An RMSNorm in integers.</summary>
internal sealed class NormProgram
{
    /// <summary>Fraction bits of <see cref="Gains"/>.</summary>
    public const int GainBits = 30;

    /// <summary>Gains divided by the largest |gain|, with 30 fraction bits: in [-2^30, 2^30].</summary>
    public required NativeSpan<int> Gains { get; init; }

    /// <summary>sqrt(eps) in residual codes.</summary>
    public required int Epsilon { get; init; }
}
