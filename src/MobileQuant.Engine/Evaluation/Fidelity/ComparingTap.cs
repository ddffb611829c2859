using MobileQuant.Modeling;
using TorchSharp;

namespace MobileQuant.Evaluation.Fidelity;

/// <summary>Passes everything through another tap and adds up how far each site is from what a recorded pass had there; inner ones pass only.</summary>
/// <param name="inner">The other tap: a simulation.</param>
/// <param name="expected">The recorded pass, one use of each site ahead.</param>
/// <param name="noise">Where the sums go.</param>
internal sealed class ComparingTap(ISiteTap inner, RecordingTap expected, NoiseTable noise) : ISiteTap
{
    /// <inheritdoc/>
    public bool SeesInnerSites => inner.SeesInnerSites;

    /// <inheritdoc/>
    public torch.Tensor ApplyGain(Site output, torch.Tensor gain) => inner.ApplyGain(output, gain);

    /// <inheritdoc/>
    public torch.Tensor Apply(Site site, torch.Tensor value)
    {
        torch.Tensor result = inner.Apply(site, value);
        if (site.IsInner)
        {
            return result;
        }

        using torch.Tensor reference = expected.Take(site);
        noise.Add(site, reference, result);
        return result;
    }

    /// <inheritdoc/>
    public torch.Tensor ApplyWeight(int layer, LinearKind kind, torch.Tensor weight) => inner.ApplyWeight(layer, kind, weight);

    /// <inheritdoc/>
    public torch.Tensor ApplyHead(torch.Tensor weight) => inner.ApplyHead(weight);
}
