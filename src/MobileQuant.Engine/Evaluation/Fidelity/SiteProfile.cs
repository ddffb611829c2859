using MobileQuant.Modeling;

namespace MobileQuant.Evaluation.Fidelity;

/// <summary>What values a site takes in float, and which channels make its range.</summary>
/// <param name="Site">The place.</param>
/// <param name="Minimum">Smallest value.</param>
/// <param name="Maximum">Largest value.</param>
/// <param name="Channels">How many channels there are.</param>
/// <param name="MedianAbsoluteMaximum">Median over channels of their largest absolute value.</param>
/// <param name="Outliers">The loudest channels, the loudest first.</param>
public sealed record SiteProfile(Site Site, float Minimum, float Maximum, int Channels, double MedianAbsoluteMaximum, IReadOnlyList<OutlierChannel> Outliers);
