using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>
/// The simulation of a graph with everything learnable in its place: a decoder over learned weights, with a tap that gradients
/// pass. Shares the graph's weights, which stay as they are until <see cref="Fold"/>.
/// </summary>
internal sealed class LearnedModel : IDisposable
{
    private readonly QuantizedGraph _graph;
    private readonly LearnedLayer[] _layers;
    private readonly torch.Tensor _head;

    /// <param name="graph">Where learning starts.</param>
    /// <param name="settings">What is learned.</param>
    /// <param name="target">What runs the result.</param>
    /// <param name="teacher">The float model, with which the learned one shares what is not learned; must outlive it.</param>
    /// <param name="prefix">Keys and values of the graph's prefix, or null.</param>
    public LearnedModel(QuantizedGraph graph, LearningSettings settings, QuantizationTarget target, DecoderModel teacher, KeyValueCache? prefix)
    {
        using IDisposable noGradient = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        _graph = graph;
        Sites = new(graph, target, settings.Ranges);
        _layers = [.. Enumerable.Range(0, graph.Architecture.LayerCount).Select(layer => new LearnedLayer(graph, layer, settings, prefix?.Filled(layer)))];
        torch.Tensor head = torch.empty_like(graph.Weights.Head);
        WeightQuantizer.Dequantize(graph.QuantizeHead(), head);
        _head = head.On(ComputeDevice.Current).DetachFromDisposeScope();
        Decoder = new(graph.Architecture, new(teacher.Placed.Embedding, [.. _layers.Select(layer => layer.Weights)], teacher.Placed.FinalNorm, _head))
        {
            FusesAttention = !Sites.SeesInnerSites,
        };
        Prefix = prefix is null ? null : new(_layers.Select(layer => (layer.Keys!.Scaled, layer.Values!.Scaled)), prefix.Length);
    }

    /// <summary>The decoder; its head is rounded already.</summary>
    public DecoderModel Decoder { get; }

    /// <summary>The tap of its sites.</summary>
    public LearnedSites Sites { get; }

    /// <summary>What sequences start behind, or null. Shares tensors with the layers.</summary>
    public KeyValueCache? Prefix { get; }

    /// <summary>Everything learned in one layer, in a fixed order.</summary>
    public IReadOnlyList<LearnedParameter> ParametersOf(int layer) => [.. _layers[layer].Parameters, .. Sites.ParametersOf(layer)];

    /// <summary>Makes a layer's weights for the next passes.</summary>
    public void Fill(int layer)
    {
        _layers[layer].Fill();
        Sites.Fill(layer);
    }

    /// <summary>Hands what a layer's weights gathered to its parameters.</summary>
    public void TakeGradients(int layer)
    {
        _layers[layer].TakeGradients();
        Sites.TakeGradients(layer);
    }

    /// <summary>Folds the transformations into the graph's weights, in place; passes of this model make no sense afterwards.</summary>
    /// <returns>What the grids of the folded weights cover.</returns>
    public IReadOnlyDictionary<(int Layer, LinearKind Kind), WeightClip> Fold()
    {
        Dictionary<(int Layer, LinearKind Kind), WeightClip> clips = [];
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            foreach (LearnedPair pair in _layers[layer].Pairs)
            {
                pair.Pair.Fold(_graph.Architecture, _graph.Weights, pair.Scales());
            }

            foreach ((LinearKind kind, WeightClip clip) in _layers[layer].ToClips())
            {
                clips.Add((layer, kind), clip);
            }
        }

        return clips;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (LearnedLayer layer in _layers)
        {
            layer.Dispose();
        }

        Sites.Dispose();
        _head.Dispose();
        Decoder.Dispose();
    }
}
