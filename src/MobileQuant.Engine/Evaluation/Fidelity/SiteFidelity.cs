using MobileQuant.Modeling;

namespace MobileQuant.Evaluation.Fidelity;

/// <summary>How well a site's tensor survives quantization, all errors of the sites before it included.</summary>
/// <param name="Site">The place; a layer's residual stream is <see cref="SiteKind.LayerOutput"/>.</param>
/// <param name="Decibels">
/// Signal to quantization-noise ratio: 10 log10(sum x^2 / sum (x - x')^2) over all elements of all windows; infinity where nothing
/// is lost.
/// </param>
public sealed record SiteFidelity(Site Site, double Decibels);
