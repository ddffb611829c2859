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
    private readonly int _headSize;

    /// <summary>Creates the table.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <param name="ranges">Per site; the cache's sites have KV heads * head size channels.</param>
    public CalibrationStatistics(DecoderArchitecture architecture, IReadOnlyDictionary<Site, ChannelRange> ranges)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        _headSize = architecture.HeadSize;
        _ranges = new(ranges);
    }

    /// <summary>Ranges of a site.</summary>
    /// <param name="site">An observed site.</param>
    public ChannelRange this[Site site] => _ranges[site];

    /// <summary>The statistics after channels of some sites are divided.</summary>
    /// <param name="divisors">Positive divisors per channel, by site.</param>
    /// <returns>New statistics.</returns>
    public CalibrationStatistics Divide(IEnumerable<KeyValuePair<Site, float[]>> divisors)
    {
        CalibrationStatistics result = new(_headSize, new(_ranges));
        foreach ((Site site, float[] channels) in divisors)
        {
            result._ranges[site] = result._ranges[site].Divide(channels);
        }

        return result;
    }

    /// <summary>Ranges per tensor, and per KV head where the cache has them.</summary>
    /// <returns>The table that quantized graphs carry.</returns>
    public SiteRanges ToSiteRanges()
    {
        Dictionary<Site, ValueRange> whole = [];
        Dictionary<Site, ValueRange[]> heads = [];
        foreach ((Site site, ChannelRange range) in _ranges)
        {
            whole.Add(site, Hull(range, 0, range.Minimum.Length));
            if (site.IsPerHead)
            {
                heads.Add(site, [.. Enumerable.Range(0, range.Minimum.Length / _headSize).Select(head => Hull(range, head * _headSize, _headSize))]);
            }
        }

        return new(whole, heads);
    }

    private CalibrationStatistics(int headSize, Dictionary<Site, ChannelRange> ranges)
    {
        _headSize = headSize;
        _ranges = ranges;
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
