using System.Runtime.InteropServices;
using MobileQuant.Modeling;
using TorchSharp;

namespace MobileQuant.Calibration;

/// <summary>Collects smallest and largest values per site and channel over any number of passes.</summary>
/// <param name="keepWindows">Whether to keep those of each window too, for the inputs of linear layers: windows * channels * 8 bytes.</param>
/// <param name="inner">Whether to observe inner sites. Scores have one range for all; what lies in [0, 1] by nature has that range, in one channel.</param>
public sealed class RangeObserver(bool keepWindows = false, bool inner = false) : ISiteTap
{
    private readonly Dictionary<Site, ChannelRange> _ranges = [];
    private readonly Dictionary<Site, List<ChannelRange>> _windows = [];

    /// <inheritdoc/>
    public bool SeesInnerSites => inner;

    /// <inheritdoc/>
    public torch.Tensor Apply(Site site, torch.Tensor value)
    {
        if (site.Kind is SiteKind.Probabilities or SiteKind.ActivationSigmoid)
        {
            Merge(site, [0], [1]);
            return value;
        }

        // The last dimension is the channel; behind rotation the head, dimension 1, counts too.
        bool perHead = site.Kind is SiteKind.KeyCache or SiteKind.ValueCache or SiteKind.QueryRotated or SiteKind.KeyRotated;
        long[] others = site.Kind == SiteKind.Scores ? [0, 1, 2, 3] : perHead ? [0, 2] : [0, 1];
        using torch.Tensor minimum = value.amin(others);
        using torch.Tensor maximum = value.amax(others);
        Merge(site, Values(minimum), Values(maximum));
        if (keepWindows && site.IsLinearInput)
        {
            KeepWindows(site, value);
        }

        return value;
    }

    /// <summary>What was seen.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <returns>The statistics.</returns>
    public CalibrationStatistics ToStatistics(DecoderArchitecture architecture) =>
        new(architecture, _ranges, keepWindows ? _windows.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<ChannelRange>)pair.Value) : null);

    private void KeepWindows(Site site, torch.Tensor value)
    {
        using torch.Tensor minimum = value.amin([1]);
        using torch.Tensor maximum = value.amax([1]);
        int channels = checked((int)value.shape[2]);
        if (!_windows.TryGetValue(site, out List<ChannelRange>? windows))
        {
            _windows.Add(site, windows = []);
        }

        float[] low = Values(minimum);
        float[] high = Values(maximum);
        for (int at = 0; at < low.Length; at += channels)
        {
            windows.Add(new(low[at..(at + channels)], high[at..(at + channels)]));
        }
    }

    private static float[] Values(torch.Tensor tensor)
    {
        using torch.Tensor onHost = tensor.cpu();
        return MemoryMarshal.Cast<byte, float>(onHost.bytes).ToArray();
    }

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
