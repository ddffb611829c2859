using MobileQuant.Arithmetic;

namespace MobileQuant.Programs;

/// <summary>The numbers of one layer's attention, per key-value head.</summary>
internal sealed class AttentionProgram
{
    /// <summary>Rotated k (s16) to cache codes.</summary>
    public required FixedPointFactor[] KeyFactors { get; init; }

    /// <summary>Zero points of the key cache, in 0..255.</summary>
    public required int[] KeyZeroPoints { get; init; }

    /// <summary>Zero points of the value cache, in 0..255; the v projection's factors already lead to cache codes.</summary>
    public required int[] ValueZeroPoints { get; init; }

    /// <summary>Score codes to the Q16 argument of 2^-u: scale(q) * scale(k) / sqrt(headSize) * log2(e) * 2^16.</summary>
    public required FixedPointFactor[] ScoreFactors { get; init; }

    /// <summary>The weighted mean of v (Q16 cache codes) to the row unit that all heads share.</summary>
    public required FixedPointFactor[] OutputFactors { get; init; }
}
