using MobileQuant.Calibration;
using MobileQuant.Modeling;

namespace MobileQuant.Evaluation.Fidelity;

/// <summary>Ranges and outlier channels of every site, from the float model.</summary>
public static class SiteProfiler
{
    /// <summary>Channels that are named per site.</summary>
    public const int DefaultOutlierCount = 8;

    /// <summary>Runs the model and describes each site but the logits.</summary>
    /// <param name="model">The float model: the checkpoint's, or one over a graph's folded weights.</param>
    /// <param name="windows">Token windows of one length.</param>
    /// <param name="outliers">How many of the loudest channels to name.</param>
    /// <param name="progress">Told in windows, as step <c>calibrate</c>.</param>
    /// <param name="cancellationToken">Stops between passes.</param>
    /// <returns>The sites in order of computation.</returns>
    public static IReadOnlyList<SiteProfile> Observe(
        DecoderModel model, IReadOnlyList<int[]> windows, int outliers = DefaultOutlierCount, IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        CalibrationStatistics statistics = Calibrator.Observe(model, new(windows, "text"), progress, cancellationToken);
        return [.. Site.Enumerate(model.Architecture).Where(site => site.Kind != SiteKind.HeadOutput).Select(site => Describe(site, statistics[site], outliers))];
    }

    /// <summary>Describes one site by its channels' ranges.</summary>
    /// <param name="site">The place.</param>
    /// <param name="channels">Smallest and largest values per channel.</param>
    /// <param name="outliers">How many of the loudest channels to name.</param>
    /// <returns>The description.</returns>
    public static SiteProfile Describe(Site site, ChannelRange channels, int outliers = DefaultOutlierCount)
    {
        ArgumentNullException.ThrowIfNull(channels);
        float[] loudness = channels.AbsoluteMaximum();
        float[] sorted = [.. loudness.Order()];
        double median = (sorted[(sorted.Length - 1) / 2] + (double)sorted[sorted.Length / 2]) / 2;
        return new(
            site,
            channels.Minimum.Min(),
            channels.Maximum.Max(),
            loudness.Length,
            median,
            [.. loudness.Index().OrderByDescending(pair => pair.Item).Take(outliers).Select(pair => new OutlierChannel(pair.Index, pair.Item, pair.Item / median))]);
    }
}
