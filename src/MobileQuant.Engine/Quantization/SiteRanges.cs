using MobileQuant.Modeling;

namespace MobileQuant.Quantization;

/// <summary>Observed ranges of every site of a model, and of every KV head for what the cache keeps.</summary>
public sealed class SiteRanges
{
    private readonly IReadOnlyDictionary<Site, ValueRange> _ranges;
    private readonly IReadOnlyDictionary<Site, ValueRange[]> _heads;

    /// <summary>Creates the table.</summary>
    /// <param name="ranges">Per site.</param>
    /// <param name="heads">Per site and KV head, for the sites with <see cref="Site.IsPerHead"/>.</param>
    public SiteRanges(IReadOnlyDictionary<Site, ValueRange> ranges, IReadOnlyDictionary<Site, ValueRange[]> heads)
    {
        _ranges = ranges;
        _heads = heads;
    }

    /// <summary>All sites that were observed.</summary>
    public IEnumerable<Site> Sites => _ranges.Keys;

    /// <summary>The range of a site's whole tensor.</summary>
    /// <param name="site">An observed site.</param>
    public ValueRange this[Site site] => _ranges[site];

    /// <summary>The ranges of a site per KV head.</summary>
    /// <param name="site">A site with <see cref="Site.IsPerHead"/>.</param>
    /// <returns>One range per KV head.</returns>
    public IReadOnlyList<ValueRange> Heads(Site site) => _heads[site];
}
