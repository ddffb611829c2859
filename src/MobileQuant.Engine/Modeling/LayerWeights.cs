namespace MobileQuant.Modeling;

/// <summary>Parameters of one decoder layer.</summary>
/// <param name="AttentionNorm">The norm before q, k, v.</param>
/// <param name="MlpNorm">The norm before gate and up.</param>
/// <param name="Linears">The linear layers by kind.</param>
public sealed record LayerWeights(NormWeights AttentionNorm, NormWeights MlpNorm, IReadOnlyDictionary<LinearKind, LinearWeights> Linears)
{
    /// <summary>One linear layer.</summary>
    /// <param name="kind">Its kind.</param>
    public LinearWeights this[LinearKind kind] => Linears[kind];
}
