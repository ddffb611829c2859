namespace MobileQuant.Quantization;

/// <summary>The pairs of neighbours between which a channel's scale can be moved without changing the function.</summary>
public enum SmoothingKind
{
    /// <summary>Attention norm to q, k, v.</summary>
    AttentionNorm,

    /// <summary>MLP norm to gate and up.</summary>
    MlpNorm,

    /// <summary>v to o: attention mixes positions, never channels. Tied over the query heads that share a KV head.</summary>
    ValueOutput,

    /// <summary>up to down, in a gated MLP: the product is linear in up.</summary>
    UpDown,

    /// <summary>
    /// k to q: what one is divided by, the other is multiplied by. Tied over the channels that rotate together and over the query
    /// heads of a group. No statistics tell its scales, since no linear layer reads it: it is learned.
    /// </summary>
    QueryKey,
}
