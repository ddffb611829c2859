using MobileQuant.Modeling;
using TorchSharp;

namespace MobileQuant.Evaluation.Fidelity;

/// <summary>Passes everything through another tap, or as it is, and keeps what came out at some sites; inner ones pass only.</summary>
/// <param name="inner">The other tap, or null.</param>
/// <param name="keeps">Which sites; null: all.</param>
internal sealed class RecordingTap(ISiteTap? inner = null, Func<Site, bool>? keeps = null) : ISiteTap, IDisposable
{
    private readonly Dictionary<Site, torch.Tensor> _values = [];

    /// <summary>Hands out what a site gave; the caller disposes it.</summary>
    public torch.Tensor Take(Site site) => _values.Remove(site, out torch.Tensor? value) ? value : throw new KeyNotFoundException($"{site} was not passed");

    /// <inheritdoc/>
    public bool SeesInnerSites => inner?.SeesInnerSites ?? false;

    /// <inheritdoc/>
    public torch.Tensor ApplyGain(Site output, torch.Tensor gain) => inner is null ? gain : inner.ApplyGain(output, gain);

    /// <inheritdoc/>
    public torch.Tensor Apply(Site site, torch.Tensor value)
    {
        torch.Tensor result = inner is null ? value : inner.Apply(site, value);
        if (!site.IsInner && (keeps is null || keeps(site)))
        {
            _values.Add(site, result.alias().DetachFromDisposeScope());
        }

        return result;
    }

    /// <inheritdoc/>
    public torch.Tensor ApplyWeight(int layer, LinearKind kind, torch.Tensor weight) => inner is null ? weight : inner.ApplyWeight(layer, kind, weight);

    /// <inheritdoc/>
    public torch.Tensor ApplyHead(torch.Tensor weight) => inner is null ? weight : inner.ApplyHead(weight);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (torch.Tensor value in _values.Values)
        {
            value.Dispose();
        }

        _values.Clear();
    }
}
