using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Tests.Lowering;

/// <summary>A minimal observer: ranges of every site, per head where the site has heads.</summary>
internal sealed class RangeTap : ISiteTap
{
    private readonly Dictionary<Site, ValueRange> _ranges = [];
    private readonly Dictionary<Site, ValueRange[]> _heads = [];

    public SiteRanges Ranges => new(_ranges, _heads);

    public torch.Tensor Apply(Site site, torch.Tensor value)
    {
        _ranges[site] = _ranges.GetValueOrDefault(site, ValueRange.Empty).Union(new(value.min().item<float>(), value.max().item<float>()));
        if (site.IsPerHead)
        {
            ValueRange[] heads = [.. Enumerable.Range(0, (int)value.shape[1]).Select(h => new ValueRange(value.select(1, h).min().item<float>(), value.select(1, h).max().item<float>()))];
            _heads[site] = _heads.TryGetValue(site, out ValueRange[]? old) ? [.. old.Zip(heads, (a, b) => a.Union(b))] : heads;
        }

        return value;
    }
}
