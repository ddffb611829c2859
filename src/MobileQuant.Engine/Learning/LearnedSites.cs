using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>The sites that a target quantizes, with the ranges that are learned for the static ones. A tap that gradients pass.</summary>
internal sealed class LearnedSites : ISiteTap, IDisposable
{
    private readonly Dictionary<Site, LearnedRange> _ranges = [];
    private readonly Dictionary<Site, SiteFormat> _formats = [];
    private readonly Dictionary<Site, RemoteRange> _remote = [];
    private readonly QuantizationTarget _target;

    /// <param name="graph">Where learning starts.</param>
    /// <param name="target">What runs the result.</param>
    /// <param name="isLearned">Whether ranges change.</param>
    public LearnedSites(QuantizedGraph graph, QuantizationTarget target, bool isLearned)
    {
        _target = target;
        foreach (Site site in Site.Enumerate(graph.Architecture, inner: SeesInnerSites))
        {
            SiteFormat format = SiteTable.FormatOf(target, site.Kind, graph.Activations, graph.WideSites.Contains(site));
            if (format.Bits == 0)
            {
                continue;
            }

            _formats.Add(site, format);
            if (format.Grouping is SiteGrouping.Tensor or SiteGrouping.Head)
            {
                IReadOnlyList<ValueRange> groups = format.Grouping == SiteGrouping.Head ? graph.Ranges.Heads(site) : [graph.Ranges[site]];
                int bits = format.IsSigned ? Lowering.WideInput.WidestBits(graph, site) : format.Bits;

                // Outside of the layers nothing is trained through.
                _ranges.Add(site, new(groups, bits, format.IsSigned, isLearned && site.Layer >= 0));
                if (ComputeDevice.IsRemote)
                {
                    _remote.Add(site, new(_ranges[site]));
                }
            }
        }
    }

    /// <inheritdoc/>
    public bool SeesInnerSites => _target == QuantizationTarget.Npu;

    /// <inheritdoc/>
    public torch.Tensor ApplyGain(Site output, torch.Tensor gain)
    {
        using torch.Tensor known = gain.detach();
        using torch.Tensor onHost = known.cpu();
        ReadOnlySpan<float> values = WeightRow.Floats(onHost);
        torch.Tensor rounded = ActivationGrid.Round(known, ValueRange.Of(values), SiteTable.GainBits(_target));

        // 16 bits: straight through.
        return gain + (rounded - known);
    }

    /// <inheritdoc/>
    public torch.Tensor Apply(Site site, torch.Tensor value)
    {
        if (!_formats.TryGetValue(site, out SiteFormat format))
        {
            return value;
        }

        return format.Grouping switch
        {
            SiteGrouping.Token => ComputeDevice.IsRemote ? FakeQuantization.Tokens(value, format.Bits) : TokenFunction.apply(value, format.Bits),
            SiteGrouping.EmbeddingRow => ActivationGrid.RoundRows(value, format.Bits),
            _ => ComputeDevice.IsRemote ? _remote[site].Apply(value) : RangeFunction.apply(value, _ranges[site]),
        };
    }

    /// <summary>Lets the next passes see a layer's ranges as they are now.</summary>
    public void Fill(int layer)
    {
        foreach (RemoteRange range in RemoteOf(layer))
        {
            range.Fill();
        }
    }

    /// <summary>Hands what passes gathered for a layer's ranges to them.</summary>
    public void TakeGradients(int layer)
    {
        foreach (RemoteRange range in RemoteOf(layer))
        {
            range.TakeGradient();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RemoteRange range in _remote.Values)
        {
            range.Dispose();
        }
    }

    /// <summary>The ranges of a layer that are learned, in a fixed order.</summary>
    public IEnumerable<LearnedParameter> ParametersOf(int layer) => _ranges
        .Where(pair => pair.Key.Layer == layer && pair.Value.Logarithms is not null)
        .Select(pair => pair.Value.Logarithms!);

    private IEnumerable<RemoteRange> RemoteOf(int layer) => _remote.Where(pair => pair.Key.Layer == layer).Select(pair => pair.Value);

    /// <summary>The ranges of the result: learned where sites are static, otherwise as observed.</summary>
    /// <param name="observed">Ranges of all sites, observed on the folded weights.</param>
    public SiteRanges ToSiteRanges(SiteRanges observed)
    {
        Dictionary<Site, ValueRange> ranges = observed.Sites.ToDictionary(site => site, site => observed[site]);
        Dictionary<Site, ValueRange[]> heads = observed.Sites.Where(site => site.IsPerHead).ToDictionary(site => site, site => observed.Heads(site).ToArray());
        foreach ((Site site, LearnedRange range) in _ranges)
        {
            ValueRange[] groups = [.. Enumerable.Range(0, range.Groups).Select(group => range[group])];
            ranges[site] = groups.Aggregate((left, right) => left.Union(right));
            if (_formats[site].Grouping == SiteGrouping.Head)
            {
                heads[site] = groups;
            }
        }

        return new(ranges, heads);
    }
}
