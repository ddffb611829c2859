using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Modeling;

/// <summary>All parameters of a decoder as contiguous float32 tensors, on the CPU unless they are a copy for passes elsewhere. Owns them.</summary>
public sealed class DecoderWeights : IDisposable
{
    private DecoderWeights? _placed;
    private int _changes;
    private int _placedChanges;

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
    public DecoderWeights Clone() => Select(tensor => tensor.clone());

    /// <summary>These weights where passes read them: themselves, or a copy on the device that belongs to these.</summary>
    internal DecoderWeights Placed()
    {
        if (!ComputeDevice.IsRemote || Embedding.device_type == ComputeDevice.Current.type)
        {
            return this;
        }

        if (_placed is null || _placedChanges != _changes)
        {
            _placed?.Dispose();
            _placed = Select(tensor => tensor.to(ComputeDevice.Current));
            _placedChanges = _changes;
        }

        return _placed;
    }

    /// <summary>To be called by whoever changes a tensor in place.</summary>
    internal void MarkChanged() => _changes++;

    /// <inheritdoc/>
    public void Dispose()
    {
        _placed?.Dispose();
        _placed = null;
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

    private DecoderWeights Select(Func<torch.Tensor, torch.Tensor> copy)
    {
        // Weights outlive every dispose scope that happens to be open.
        torch.Tensor Tensor(torch.Tensor tensor) => copy(tensor).DetachFromDisposeScope();
        NormWeights Norm(NormWeights norm) => new(Tensor(norm.Gain), norm.Bias is { } bias ? Tensor(bias) : null);
        LinearWeights Linear(LinearWeights linear) => new(Tensor(linear.Weight), linear.Bias is { } bias ? Tensor(bias) : null);
        torch.Tensor embedding = Tensor(Embedding);
        return new(
            embedding,
            [.. Layers.Select(layer => new LayerWeights(
                Norm(layer.AttentionNorm), Norm(layer.MlpNorm), layer.Linears.ToDictionary(p => p.Key, p => Linear(p.Value))))],
            Norm(FinalNorm),
            ReferenceEquals(Head, Embedding) ? embedding : Tensor(Head));
    }
}
