namespace MobileQuant.Evaluation.Reporting;

/// <summary>What values a place takes, and which channels make its range.</summary>
/// <param name="Site">Its name, such as layers.3.mlp.down.input.</param>
/// <param name="Layer">The decoder layer, or -1 outside of them.</param>
/// <param name="Place">The name without the layer, such as mlp.down.input.</param>
/// <param name="Minimum">Smallest value.</param>
/// <param name="Maximum">Largest value.</param>
/// <param name="MedianAbsoluteMaximum">Median over channels of their largest absolute value.</param>
/// <param name="Channels">The loudest channels, the loudest first.</param>
public sealed record ActivationProfile(string Site, int Layer, string Place, double Minimum, double Maximum, double MedianAbsoluteMaximum, IReadOnlyList<LoudChannel> Channels)
{
    /// <summary>The largest absolute value.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public double AbsoluteMaximum => Math.Max(Math.Abs(Minimum), Math.Abs(Maximum));
}
