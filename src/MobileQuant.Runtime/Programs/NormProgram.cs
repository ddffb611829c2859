namespace MobileQuant.Programs;

/// <summary>A norm in integers.</summary>
internal sealed class NormProgram
{
    /// <summary>Fraction bits of <see cref="Gains"/>.</summary>
    public const int GainBits = 30;

    /// <summary>What it computes.</summary>
    public NormForm Form { get; init; }

    /// <summary>Gains divided by a scale that none exceeds, with 30 fraction bits: in [-2^30, 2^30].</summary>
    public required NativeSpan<int> Gains { get; init; }

    /// <summary>Biases in output units, one per gain, in [-2^28, 2^28]; empty for <see cref="NormForm.RootMeanSquare"/>.</summary>
    public NativeSpan<int> Biases { get; init; }

    /// <summary>sqrt(eps) in residual codes.</summary>
    public required int Epsilon { get; init; }
}
