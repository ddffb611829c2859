using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Learning;

/// <summary>A decoder layer whose weights are rounded: their codes stay, the scales of their rows are learned.</summary>
internal sealed class RescaledLayer : ILearnedLayer
{
    private readonly int _layer;
    private readonly Dictionary<LinearKind, RescaledWeight> _weights;

    /// <param name="graph">Where learning starts; it has the codes of all its linear layers.</param>
    /// <param name="layer">The decoder layer.</param>
    /// <param name="placed">The layer's float weights where passes run: its norms and biases stay as they are.</param>
    /// <param name="prefix">Keys and values that the layer's sequences start behind, or null.</param>
    public RescaledLayer(QuantizedGraph graph, int layer, LayerWeights placed, (TorchSharp.torch.Tensor Keys, TorchSharp.torch.Tensor Values)? prefix)
    {
        _layer = layer;
        _weights = graph.Architecture.Linears.ToDictionary(kind => kind, kind => new RescaledWeight(graph.Codes[(layer, kind)], placed[kind].Bias));
        Weights = placed with { Linears = _weights.ToDictionary(pair => pair.Key, pair => pair.Value.Weights) };
        if (prefix is { } known)
        {
            Keys = new(known.Keys);
            Values = new(known.Values);
        }
    }

    /// <inheritdoc/>
    public LayerWeights Weights { get; }

    /// <inheritdoc/>
    public LearnedPrefix? Keys { get; }

    /// <inheritdoc/>
    public LearnedPrefix? Values { get; }

    /// <inheritdoc/>
    public IEnumerable<LearnedParameter> Parameters => _weights.Values.Select(weight => weight.Logarithms);

    /// <inheritdoc/>
    public void Fill()
    {
        foreach (RescaledWeight weight in _weights.Values)
        {
            weight.Fill();
        }
    }

    /// <inheritdoc/>
    public void TakeGradients()
    {
        foreach (RescaledWeight weight in _weights.Values)
        {
            weight.TakeGradient();
        }
    }

    /// <inheritdoc/>
    public void Fold(IDictionary<(int Layer, LinearKind Kind), WeightClip> clips, IDictionary<(int Layer, LinearKind Kind), QuantizedWeight> codes)
    {
        foreach ((LinearKind kind, RescaledWeight weight) in _weights)
        {
            codes[(_layer, kind)] = weight.ToWeight();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RescaledWeight weight in _weights.Values)
        {
            weight.Dispose();
        }

        Keys?.Dispose();
        Values?.Dispose();
    }
}
