namespace MobileQuant.Modeling;

/// <summary>The named places of the decoder where a tensor may be observed or quantized.</summary>
public enum SiteKind
{
    /// <summary>Embedding rows after the embedding scale, [batch, tokens, hidden].</summary>
    EmbeddingOutput,

    /// <summary>Residual stream as the attention norm reads it, [batch, tokens, hidden]. An inner site.</summary>
    AttentionNormInput,

    /// <summary>Output of the attention norm, which q, k and v read, [batch, tokens, hidden].</summary>
    AttentionInput,

    /// <summary>Output of q before rotation, [batch, tokens, heads * size].</summary>
    QueryOutput,

    /// <summary>Output of k before rotation, [batch, tokens, KV heads * size].</summary>
    KeyOutput,

    /// <summary>Output of v, [batch, tokens, KV heads * size].</summary>
    ValueOutput,

    /// <summary>q after rotation, [batch, heads, tokens, size].</summary>
    QueryRotated,

    /// <summary>k after rotation, [batch, KV heads, tokens, size].</summary>
    KeyRotated,

    /// <summary>k as the cache keeps it, [batch, KV heads, tokens, size]; has ranges per head.</summary>
    KeyCache,

    /// <summary>v as the cache keeps it, [batch, KV heads, tokens, size]; has ranges per head.</summary>
    ValueCache,

    /// <summary>
    /// q k^T before the division by sqrt(size), [batch, KV heads, query heads of a group * tokens, positions], 0 where the mask lies.
    /// An inner site; long sequences come in blocks of queries.
    /// </summary>
    Scores,

    /// <summary>Output of the softmax, in [0, 1], shaped like <see cref="Scores"/>. An inner site; likewise in blocks.</summary>
    Probabilities,

    /// <summary>Attention output, which o reads, [batch, tokens, heads * size].</summary>
    OutputInput,

    /// <summary>Output of o, the attention branch, [batch, tokens, hidden].</summary>
    OutputOutput,

    /// <summary>Residual stream as the MLP norm reads it, [batch, tokens, hidden]. An inner site.</summary>
    MlpNormInput,

    /// <summary>Output of the MLP norm, which gate and up read, [batch, tokens, hidden].</summary>
    MlpInput,

    /// <summary>Output of gate before the non-linearity, [batch, tokens, feed-forward].</summary>
    GateOutput,

    /// <summary>Output of up, [batch, tokens, feed-forward].</summary>
    UpOutput,

    /// <summary>The sigmoid that SiLU multiplies its input by, in [0, 1], [batch, tokens, feed-forward]. An inner site.</summary>
    ActivationSigmoid,

    /// <summary>Output of the non-linearity before the gated product, [batch, tokens, feed-forward]. An inner site.</summary>
    ActivationOutput,

    /// <summary>The gated product, which down reads, [batch, tokens, feed-forward].</summary>
    DownInput,

    /// <summary>Output of down, the MLP branch, [batch, tokens, hidden].</summary>
    DownOutput,

    /// <summary>
    /// The residual stream behind a layer, [batch, tokens, hidden]. Nothing is rounded there beyond what enters it, so that it is
    /// no site of <see cref="Site.Enumerate"/>: reports use it.
    /// </summary>
    LayerOutput,

    /// <summary>Output of the final norm, which the head reads, [batch, tokens, hidden].</summary>
    HeadInput,

    /// <summary>Logits, [batch, tokens, vocabulary].</summary>
    HeadOutput,
}
