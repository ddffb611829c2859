using MobileQuant.Modeling;

namespace MobileQuant.Quantization;

/// <summary>
/// What a recipe made of a calibrated model, and all that lowering reads: folded float weights, ranges observed on them, and
/// the grids to put them on. Plain data apart from owning the weights' memory, which copies made by later steps share.
/// </summary>
public sealed record QuantizedGraph : IDisposable
{
    private static readonly WeightScheme TableScheme = new(8, WeightSymmetry.Symmetric, WeightGranularity.Channel);

    /// <summary>The decoder.</summary>
    public required DecoderArchitecture Architecture { get; init; }

    /// <summary>float32 weights with all transformations folded in: they compute the checkpoint's function. Owned.</summary>
    public required DecoderWeights Weights { get; init; }

    /// <summary>Widths.</summary>
    public required Precision Precision { get; init; }

    /// <summary>What it was made for, which decides where a simulation loses information.</summary>
    public QuantizationTarget Target { get; init; }

    /// <summary>Where scales of linear inputs come from. K and V are static in both.</summary>
    public required ActivationMode Activations { get; init; }

    /// <summary>How each linear layer's weights are put on integers.</summary>
    public required WeightSchemes Schemes { get; init; }

    /// <summary>
    /// Codes that a step chose by other means than rounding each weight to its nearest code (error feedback), by decoder layer and
    /// linear layer; empty where weights are simply rounded.
    /// </summary>
    public IReadOnlyDictionary<(int Layer, LinearKind Kind), QuantizedWeight> Codes { get; init; } = new Dictionary<(int Layer, LinearKind Kind), QuantizedWeight>();

    /// <summary>Ranges that grids of weights cover where a recipe learned them, by decoder layer and linear layer; the others cover their weights.</summary>
    public IReadOnlyDictionary<(int Layer, LinearKind Kind), WeightClip> Clips { get; init; } = new Dictionary<(int Layer, LinearKind Kind), WeightClip>();

    /// <summary>Inputs of linear layers that keep 16 bits where the others have static 8 bits.</summary>
    public IReadOnlySet<Site> WideSites { get; init; } = new HashSet<Site>();

    /// <summary>Tokens that every session starts behind, with keys and values from <see cref="Weights"/> in float; empty for none.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    /// <summary>Ranges of all sites: observed on <see cref="Weights"/> in float, or learned from there.</summary>
    public required SiteRanges Ranges { get; init; }

    /// <summary>Which recipe ran, with which settings.</summary>
    public required RecipeSummary Recipe { get; init; }

    /// <summary>Rounds one linear layer of a decoder layer onto its grid.</summary>
    /// <param name="layer">The decoder layer.</param>
    /// <param name="kind">The linear layer.</param>
    /// <returns>Codes, scales and zero points.</returns>
    public QuantizedWeight QuantizeLinear(int layer, LinearKind kind) => Codes.TryGetValue((layer, kind), out QuantizedWeight? chosen)
        ? chosen
        : WeightQuantizer.Quantize(Weights.Layers[layer][kind].Weight, Schemes[layer, kind], Clips.GetValueOrDefault((layer, kind)));

    /// <summary>Rounds the embedding: 8 bits, symmetric, one scale per token.</summary>
    /// <returns>[vocabulary, hidden], before the embedding scale.</returns>
    public QuantizedWeight QuantizeEmbedding() =>
        WeightQuantizer.Quantize(Weights.Embedding, TableScheme);

    /// <summary>Rounds the head: 8 bits, symmetric, one scale per token. Equal to the embedding's when they are tied.</summary>
    /// <returns>[vocabulary, hidden].</returns>
    public QuantizedWeight QuantizeHead() =>
        WeightQuantizer.Quantize(Weights.Head, TableScheme);

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
