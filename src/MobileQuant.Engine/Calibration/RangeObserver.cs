using System.Runtime.InteropServices;
using MobileQuant.Modeling;
using TorchSharp;

namespace MobileQuant.Calibration;

/// <summary>Collects smallest and largest values per site and channel over any number of passes.</summary>
public sealed class RangeObserver : ISiteTap
{
    private readonly Dictionary<Site, ChannelRange> _ranges = [];

    /// <inheritdoc/>
    public torch.Tensor Apply(Site site, torch.Tensor value)
    {
        // The last dimension is the channel; behind rotation the head, dimension 1, counts too.
        bool perHead = site.Kind is SiteKind.KeyCache or SiteKind.ValueCache or SiteKind.QueryRotated or SiteKind.KeyRotated;
        long[] others = perHead ? [0, 2] : [0, 1];
        using torch.Tensor minimum = value.amin(others);
        using torch.Tensor maximum = value.amax(others);
        Merge(site, Values(minimum), Values(maximum));
        return value;
    }

    /// <summary>What was seen.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <returns>The statistics.</returns>
    public CalibrationStatistics ToStatistics(DecoderArchitecture architecture) => new(architecture, _ranges);

    private static float[] Values(torch.Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes).ToArray();

    private void Merge(Site site, float[] minimum, float[] maximum)
    {
        if (!_ranges.TryGetValue(site, out ChannelRange? known))
        {
            _ranges.Add(site, new(minimum, maximum));
            return;
        }

        for (int i = 0; i < minimum.Length; i++)
        {
            known.Minimum[i] = Math.Min(known.Minimum[i], minimum[i]);
            known.Maximum[i] = Math.Max(known.Maximum[i], maximum[i]);
        }
    }
}
