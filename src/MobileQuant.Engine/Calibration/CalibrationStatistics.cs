using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Calibration;

/// <summary>
/// Ranges per site and channel of a model on its calibration windows. Because equivalent transformations divide channels by
/// positive numbers, the ranges after folding follow from these without another pass.
/// </summary>
public sealed class CalibrationStatistics
{
    private readonly Dictionary<Site, ChannelRange> _ranges;
    private readonly Dictionary<Site, IReadOnlyList<ChannelRange>> _windows;
    private readonly int _headSize;

    /// <summary>Creates the table.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <param name="ranges">Per site; the cache's sites have KV heads * head size channels.</param>
    /// <param name="windows">Per window, for the inputs of linear layers, or null.</param>
    public CalibrationStatistics(
        DecoderArchitecture architecture, IReadOnlyDictionary<Site, ChannelRange> ranges, IReadOnlyDictionary<Site, IReadOnlyList<ChannelRange>>? windows = null)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        _headSize = architecture.HeadSize;
        _ranges = new(ranges);
        _windows = windows is null ? [] : new(windows);
    }

    /// <summary>Whether ranges per window are known, so that quantiles of them are.</summary>
    public bool HasWindows => _windows.Count > 0;

    /// <summary>Ranges of a site.</summary>
    /// <param name="site">An observed site.</param>
    public ChannelRange this[Site site] => _ranges[site];

    /// <summary>The statistics after channels of some sites are divided.</summary>
    /// <param name="divisors">Positive divisors per channel, by site.</param>
    /// <returns>New statistics.</returns>
    public CalibrationStatistics Divide(IEnumerable<KeyValuePair<Site, float[]>> divisors)
    {
        CalibrationStatistics result = new(_headSize, new(_ranges), new(_windows));
        foreach ((Site site, float[] channels) in divisors)
        {
            result._ranges[site] = result._ranges[site].Divide(channels);
            if (result._windows.TryGetValue(site, out IReadOnlyList<ChannelRange>? windows))
            {
                result._windows[site] = [.. windows.Select(window => window.Divide(channels))];
            }
        }

        return result;
    }

    /// <summary>Ranges per tensor, and per KV head where the cache has them.</summary>
    /// <param name="quantile">
    /// The quantile of the windows' maxima (and of their minima, mirrored) that takes the place of the maximum at some inputs of
    /// linear layers; null or 1 for the maximum. Windows must be known.
    /// </param>
    /// <returns>The table that quantized graphs carry.</returns>
    public SiteRanges ToSiteRanges(Func<Site, double>? quantile = null)
    {
        Dictionary<Site, ValueRange> whole = [];
        Dictionary<Site, ValueRange[]> heads = [];
        foreach ((Site site, ChannelRange range) in _ranges)
        {
            double q = site.IsLinearInput && quantile is not null ? quantile(site) : 1;
            whole.Add(site, q < 1 ? Quantile(_windows[site], q) : Hull(range, 0, range.Minimum.Length));
            if (site.IsPerHead)
            {
                heads.Add(site, [.. Enumerable.Range(0, range.Minimum.Length / _headSize).Select(head => Hull(range, head * _headSize, _headSize))]);
            }
        }

        return new(whole, heads);
    }

    private CalibrationStatistics(int headSize, Dictionary<Site, ChannelRange> ranges, Dictionary<Site, IReadOnlyList<ChannelRange>> windows)
    {
        _headSize = headSize;
        _ranges = ranges;
        _windows = windows;
    }

    private static ValueRange Quantile(IReadOnlyList<ChannelRange> windows, double q)
    {
        ValueRange[] hulls = [.. windows.Select(window => Hull(window, 0, window.Minimum.Length))];
        return new(-Quantile([.. hulls.Select(hull => -hull.Minimum).Order()], q), Quantile([.. hulls.Select(hull => hull.Maximum).Order()], q));
    }

    private static float Quantile(float[] sorted, double q)
    {
        double at = q * (sorted.Length - 1);
        int below = (int)at;
        float next = sorted[Math.Min(below + 1, sorted.Length - 1)];
        return (float)(sorted[below] + ((next - sorted[below]) * (at - below)));
    }

    private static ValueRange Hull(ChannelRange range, int start, int count)
    {
        ValueRange hull = ValueRange.Empty;
        for (int i = start; i < start + count; i++)
        {
            hull = hull.Union(new(range.Minimum[i], range.Maximum[i]));
        }

        return hull;
    }
}
