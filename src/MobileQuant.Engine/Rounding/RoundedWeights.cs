using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Rounding;

/// <summary>
/// The simulation of a graph whose weights are being rounded: sites lose what they lose in the target, and the weights of the
/// layer at hand are kept dequantized until it is left.
/// </summary>
/// <param name="simulation">The sites; not owned.</param>
internal sealed class RoundedWeights(Simulation simulation) : ISiteTap, IDisposable
{
    private readonly Dictionary<LinearKind, torch.Tensor> _layer = [];

    /// <inheritdoc/>
    public bool SeesInnerSites => simulation.SeesInnerSites;

    /// <inheritdoc/>
    public torch.Tensor ApplyGain(Site output, torch.Tensor gain) => simulation.ApplyGain(output, gain);

    /// <inheritdoc/>
    public torch.Tensor Apply(Site site, torch.Tensor value) => simulation.Apply(site, value);

    /// <inheritdoc/>
    public torch.Tensor ApplyWeight(int layer, LinearKind kind, torch.Tensor weight) => _layer[kind];

    /// <summary>Takes the codes of a linear layer into use.</summary>
    public void Add(LinearKind kind, QuantizedWeight weight)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor real = torch.empty(weight.Rows, weight.Columns, torch.float32);
        WeightQuantizer.Dequantize(weight, real);
        _layer.Add(kind, real.On(ComputeDevice.Current).DetachFromDisposeScope());
    }

    /// <summary>Lets the layer at hand go.</summary>
    public void Leave()
    {
        foreach (torch.Tensor weight in _layer.Values)
        {
            weight.Dispose();
        }

        _layer.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => Leave();
}
