using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>
/// The simulation of a graph with everything learnable in its place: a decoder over learned weights, with a tap that gradients
/// pass. Of weights whose codes are chosen already, the scales are learned. Shares the graph's weights, which stay as they are until
/// <see cref="Fold"/>.
/// </summary>
internal sealed class LearnedModel : IDisposable
{
    private readonly QuantizedGraph _graph;
    private readonly ILearnedLayer[] _layers;
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
        _layers = [.. Enumerable.Range(0, graph.Architecture.LayerCount).Select<int, ILearnedLayer>(layer => graph.Codes.Count > 0
            ? new RescaledLayer(graph, layer, teacher.Placed.Layers[layer], prefix?.Filled(layer))
            : new LearnedLayer(graph, layer, settings, prefix?.Filled(layer)))];
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

    /// <summary>Folds what was learned about weights into the graph's own, in place; passes of this model make no sense afterwards.</summary>
    /// <returns>The graph with learned clips or scales; its ranges are as they were.</returns>
    public QuantizedGraph Fold()
    {
        Dictionary<(int Layer, LinearKind Kind), WeightClip> clips = new(_graph.Clips);
        Dictionary<(int Layer, LinearKind Kind), QuantizedWeight> codes = new(_graph.Codes);
        foreach (ILearnedLayer layer in _layers)
        {
            layer.Fold(clips, codes);
        }

        return _graph with { Clips = clips, Codes = codes };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ILearnedLayer layer in _layers)
        {
            layer.Dispose();
        }

        Sites.Dispose();
        _head.Dispose();
        Decoder.Dispose();
    }
}
