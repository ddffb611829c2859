using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Sensitivity;

/// <summary>
/// How much quantizing activations alone costs on a few calibration windows, weights left in float: the figure that decides
/// between ranges and wide sites. Keeps the float model's states, which folding does not change, so that a site's loss needs the
/// layers behind it only.
/// </summary>
internal sealed class CalibrationLoss : IDisposable
{
    private readonly DecoderModel _model;
    private readonly List<torch.Tensor> _states = [];
    private readonly torch.Tensor _reference;
    private readonly KeyValueCache? _prefix;
    private readonly int _stride;

    /// <summary>Runs the float model behind its prefix.</summary>
    /// <param name="model">The model; its residual stream must stay what it is now.</param>
    /// <param name="windows">Windows of one length.</param>
    /// <param name="stride">Every how many positions the next token's distribution is compared: the head is a large part of a pass.</param>
    public CalibrationLoss(DecoderModel model, IReadOnlyList<int[]> windows, int stride)
    {
        _model = model;
        _stride = stride;
        _prefix = model.ComputePrefix();
        using torch.Tensor ids = TokenTensor.Of(windows);
        using torch.Tensor head = model.ForwardHidden(ids, null, null, _states);
        _reference = Thin(head);
    }

    /// <summary>The loss with all sites that the target quantizes, from the embedding to the cache.</summary>
    public double Of(QuantizedGraph graph)
    {
        using Simulation simulation = new(graph, keepWeights: false);
        return Behind(0, new SelectedSites(simulation, _ => true));
    }

    /// <summary>The loss of a graph behind its own prefix, against the float model as it was when this was made.</summary>
    public double OfPrefixed(QuantizedGraph graph)
    {
        using KeyValueCache? prefix = _model.ComputePrefix();
        using Simulation simulation = new(graph, keepWeights: false);
        return Behind(0, new SelectedSites(simulation, _ => true), prefix);
    }

    /// <summary>The loss of the whole simulation, weights and head included.</summary>
    public double OfWhole(QuantizedGraph graph)
    {
        using Simulation simulation = new(graph, keepWeights: false);
        return Behind(0, simulation);
    }

    /// <summary>The loss with one site alone.</summary>
    public double Of(QuantizedGraph graph, Site site)
    {
        using Simulation simulation = new(graph, keepWeights: false);
        return Behind(site.Layer, new SelectedSites(simulation, other => other == site));
    }

    /// <summary>
    /// What a site alone changes at the end of its own layer: mean over tokens of |difference|^2 / |state|^2. A hundredth of the
    /// price of the loss, and good enough to tell which sites cannot be among the worst.
    /// </summary>
    public double ChangeOf(QuantizedGraph graph, Site site)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using Simulation simulation = new(graph, keepWeights: false);
        torch.Tensor before = _states[site.Layer];
        torch.Tensor expected = site.Layer + 1 < _states.Count ? _states[site.Layer + 1] : _model.RunLayers(site.Layer, site.Layer + 1, before, null, _prefix);
        using torch.Tensor actual = _model.RunLayers(site.Layer, site.Layer + 1, before, new SelectedSites(simulation, other => other == site), _prefix);
        return OrderedSum.MeanOf((actual - expected).square().sum(-1) / expected.square().sum(-1).LimitBelow(1e-30));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _prefix?.Dispose();
        _reference.Dispose();
        foreach (torch.Tensor state in _states)
        {
            state.Dispose();
        }
    }

    private double Behind(int layer, ISiteTap tap) => Behind(layer, tap, _prefix);

    private double Behind(int layer, ISiteTap tap, KeyValueCache? prefix)
    {
        using torch.Tensor stream = _model.RunLayers(layer, _model.Architecture.LayerCount, _states[layer], tap, prefix);
        using torch.Tensor head = _model.FinalNorm(stream);
        using torch.Tensor thin = Thin(head);
        return Divergence.OfHeads(_model, _reference, thin, tap);
    }

    private torch.Tensor Thin(torch.Tensor head)
    {
        using torch.Tensor rows = torch.arange(_stride - 1, head.shape[1], _stride);
        return head.index_select(1, rows.On(head.device)).DetachFromDisposeScope();
    }
}
