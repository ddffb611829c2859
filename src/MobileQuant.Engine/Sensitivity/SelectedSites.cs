using MobileQuant.Modeling;
using TorchSharp;

namespace MobileQuant.Sensitivity;

/// <summary>Quantizes some sites as a simulation does, and leaves everything else in float, weights included.</summary>
/// <param name="simulation">Rounds.</param>
/// <param name="selects">Which sites.</param>
internal sealed class SelectedSites(ISiteTap simulation, Func<Site, bool> selects) : ISiteTap
{
    /// <inheritdoc/>
    public bool SeesInnerSites => simulation.SeesInnerSites;

    /// <inheritdoc/>
    public torch.Tensor Apply(Site site, torch.Tensor value) => selects(site) ? simulation.Apply(site, value) : value;
}
