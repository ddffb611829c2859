using TorchSharp;

namespace MobileQuant.Modeling;

/// <summary>All parameters of a decoder as contiguous float32 tensors on the CPU. Owns them.</summary>
public sealed class DecoderWeights : IDisposable
{
    /// <summary>Takes ownership of the tensors.</summary>
    /// <param name="embedding">[vocabulary, hidden].</param>
    /// <param name="layers">One per decoder layer.</param>
    /// <param name="finalNorm">The norm before the head.</param>
    /// <param name="head">[vocabulary, hidden]; the same object as the embedding when they are tied.</param>
    public DecoderWeights(torch.Tensor embedding, IReadOnlyList<LayerWeights> layers, NormWeights finalNorm, torch.Tensor head)
    {
        Embedding = embedding;
        Layers = layers;
        FinalNorm = finalNorm;
        Head = head;
    }

    /// <summary>[vocabulary, hidden], before the embedding scale.</summary>
    public torch.Tensor Embedding { get; }

    /// <summary>One per decoder layer.</summary>
    public IReadOnlyList<LayerWeights> Layers { get; }

    /// <summary>The norm before the head.</summary>
    public NormWeights FinalNorm { get; }

    /// <summary>[vocabulary, hidden]; the same object as <see cref="Embedding"/> when they are tied.</summary>
    public torch.Tensor Head { get; }

    /// <summary>A deep copy, with ties kept.</summary>
    /// <returns>Weights that share no memory with these.</returns>
    public DecoderWeights Clone()
    {
        torch.Tensor embedding = Copy(Embedding);
        return new(
            embedding,
            [.. Layers.Select(layer => new LayerWeights(
                Copy(layer.AttentionNorm),
                Copy(layer.MlpNorm),
                layer.Linears.ToDictionary(p => p.Key, p => new LinearWeights(Copy(p.Value.Weight), p.Value.Bias is { } bias ? Copy(bias) : null))))],
            Copy(FinalNorm),
            ReferenceEquals(Head, Embedding) ? embedding : Copy(Head));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (torch.Tensor tensor in All())
        {
            tensor.Dispose();
        }
    }

    /// <summary>Every tensor once.</summary>
    internal IEnumerable<torch.Tensor> All()
    {
        yield return Embedding;
        foreach (LayerWeights layer in Layers)
        {
            foreach (torch.Tensor tensor in Of(layer.AttentionNorm).Concat(Of(layer.MlpNorm)))
            {
                yield return tensor;
            }

            foreach (LinearWeights linear in layer.Linears.Values)
            {
                yield return linear.Weight;
                if (linear.Bias is not null)
                {
                    yield return linear.Bias;
                }
            }
        }

        foreach (torch.Tensor tensor in Of(FinalNorm))
        {
            yield return tensor;
        }

        if (!ReferenceEquals(Head, Embedding))
        {
            yield return Head;
        }
    }

    private static IEnumerable<torch.Tensor> Of(NormWeights norm) => norm.Bias is null ? [norm.Gain] : [norm.Gain, norm.Bias];

    private static NormWeights Copy(NormWeights norm) => new(Copy(norm.Gain), norm.Bias is { } bias ? Copy(bias) : null);

    // Weights outlive every dispose scope that happens to be open.
    private static torch.Tensor Copy(torch.Tensor tensor) => tensor.clone().DetachFromDisposeScope();
}
