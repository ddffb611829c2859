using MobileQuant.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Quantization;

/// <summary>
/// The quantized graph in float arithmetic: every site and weight that the target quantizes is rounded onto its grid. What
/// recipes optimize, and what the integer program is compared with.
/// </summary>
public sealed class Simulation : ISiteTap, IDisposable
{
    private readonly QuantizedGraph _graph;
    private readonly QuantizationTarget _target;
    private readonly bool _keepWeights;
    private readonly Dictionary<(int Layer, LinearKind Kind), torch.Tensor> _weights = [];
    private readonly Dictionary<Site, int> _wideBits = [];
    private torch.Tensor? _head;

    /// <summary>Creates a simulation; give it to <see cref="DecoderModel"/> over the graph's weights.</summary>
    /// <param name="graph">What to simulate; must outlive this.</param>
    /// <param name="target">What would run it; null: what the graph was made for.</param>
    /// <param name="keepWeights">
    /// Whether rounded weights are kept for the next pass, at the cost of a second copy of the model; otherwise they are rounded
    /// again for each pass.
    /// </param>
    public Simulation(QuantizedGraph graph, QuantizationTarget? target = null, bool keepWeights = true)
    {
        ArgumentNullException.ThrowIfNull(graph);
        _graph = graph;
        _target = target ?? graph.Target;
        _keepWeights = keepWeights;
    }

    /// <inheritdoc/>
    public bool SeesInnerSites => _target == QuantizationTarget.Npu;

    /// <inheritdoc/>
    public torch.Tensor Apply(Site site, torch.Tensor value)
    {
        SiteFormat format = SiteTable.FormatOf(_target, site.Kind, _graph.Activations, _graph.WideSites.Contains(site));
        if (format.Bits == 0)
        {
            return value;
        }

        if (format.IsSigned)
        {
            return ActivationGrid.RoundSigned(value, _graph.Ranges[site], WideBits(site));
        }

        return format.Grouping switch
        {
            SiteGrouping.Tensor => ActivationGrid.Round(value, _graph.Ranges[site], format.Bits),
            SiteGrouping.Head => ActivationGrid.Round(value, _graph.Ranges.Heads(site), format.Bits),
            SiteGrouping.Token => ActivationGrid.RoundTokens(value, format.Bits),
            SiteGrouping.EmbeddingRow => ActivationGrid.RoundRows(value, format.Bits),
            _ => throw new InvalidOperationException($"unknown grouping {format.Grouping}"),
        };
    }

    /// <inheritdoc/>
    public torch.Tensor ApplyWeight(int layer, LinearKind kind, torch.Tensor weight)
    {
        if (_weights.TryGetValue((layer, kind), out torch.Tensor? known))
        {
            return known;
        }

        torch.Tensor rounded = Rounded(_graph.QuantizeLinear(layer, kind), weight);
        if (_keepWeights)
        {
            _weights.Add((layer, kind), rounded.DetachFromDisposeScope());
        }

        return rounded;
    }

    /// <inheritdoc/>
    public torch.Tensor ApplyGain(Site output, torch.Tensor gain) => ActivationGrid.Round(gain, Whole(gain), SiteTable.GainBits(_target));

    /// <inheritdoc/>
    public torch.Tensor ApplyHead(torch.Tensor weight)
    {
        if (_head is not null)
        {
            return _head;
        }

        torch.Tensor rounded = Rounded(_graph.QuantizeHead(), weight);
        if (_keepWeights)
        {
            _head = rounded.DetachFromDisposeScope();
        }

        return rounded;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (torch.Tensor tensor in _weights.Values)
        {
            tensor.Dispose();
        }

        _weights.Clear();
        _head?.Dispose();
        _head = null;
    }

    private static ValueRange Whole(torch.Tensor values)
    {
        using torch.Tensor minimum = values.amin([0]);
        using torch.Tensor maximum = values.amax([0]);
        return new(minimum.item<float>(), maximum.item<float>());
    }

    private int WideBits(Site site)
    {
        if (!_wideBits.TryGetValue(site, out int bits))
        {
            bits = Lowering.WideInput.WidestBits(_graph, site);
            _wideBits.Add(site, bits);
        }

        return bits;
    }

    private static torch.Tensor Rounded(QuantizedWeight weight, torch.Tensor like)
    {
        torch.Tensor rounded = torch.empty(like.shape, torch.float32);
        WeightQuantizer.Dequantize(weight, rounded);
        return rounded.On(like.device);
    }
}
