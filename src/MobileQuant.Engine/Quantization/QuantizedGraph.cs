using MobileQuant.Modeling;

namespace MobileQuant.Quantization;

/// <summary>
/// What a recipe made of a calibrated model, and all that lowering reads: folded float weights, ranges observed on them, and
/// the grids to put them on. Plain data apart from owning the weights' memory.
/// </summary>
public sealed class QuantizedGraph : IDisposable
{
    /// <summary>The decoder.</summary>
    public required DecoderArchitecture Architecture { get; init; }

    /// <summary>float32 weights with all transformations folded in, clipped where a recipe clips. Owned.</summary>
    public required DecoderWeights Weights { get; init; }

    /// <summary>Widths.</summary>
    public required Precision Precision { get; init; }

    /// <summary>Where scales of linear inputs come from. K and V are static in both.</summary>
    public required ActivationMode Activations { get; init; }

    /// <summary>Grid of the decoder layers' weights; never <see cref="WeightSymmetry.Default"/>.</summary>
    public required WeightSymmetry Symmetry { get; init; }

    /// <summary>How many weights share a scale.</summary>
    public required WeightGranularity Granularity { get; init; }

    /// <summary>Ranges of all sites, observed on <see cref="Weights"/> in float.</summary>
    public required SiteRanges Ranges { get; init; }

    /// <summary>Which recipe ran, with which settings.</summary>
    public required RecipeSummary Recipe { get; init; }

    /// <summary>Rounds one linear layer of a decoder layer onto its grid.</summary>
    /// <param name="layer">The decoder layer.</param>
    /// <param name="kind">The linear layer.</param>
    /// <returns>Codes, scales and zero points.</returns>
    public QuantizedWeight QuantizeLinear(int layer, LinearKind kind) => WeightQuantizer.Quantize(
        Weights.Layers[layer][kind].Weight,
        Precision.WeightBits,
        Symmetry,
        kind == LinearKind.Down ? WeightGranularity.Channel : Granularity);

    /// <summary>Rounds the embedding: 8 bits, symmetric, one scale per token.</summary>
    /// <returns>[vocabulary, hidden], before the embedding scale.</returns>
    public QuantizedWeight QuantizeEmbedding() =>
        WeightQuantizer.Quantize(Weights.Embedding, 8, WeightSymmetry.Symmetric, WeightGranularity.Channel);

    /// <summary>Rounds the head: 8 bits, symmetric, one scale per token. Equal to the embedding's when they are tied.</summary>
    /// <returns>[vocabulary, hidden].</returns>
    public QuantizedWeight QuantizeHead() =>
        WeightQuantizer.Quantize(Weights.Head, 8, WeightSymmetry.Symmetric, WeightGranularity.Channel);

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
