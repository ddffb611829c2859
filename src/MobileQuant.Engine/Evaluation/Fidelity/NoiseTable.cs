using MobileQuant.Modeling;
using TorchSharp;

namespace MobileQuant.Evaluation.Fidelity;

/// <summary>Sums of signal and noise per site.</summary>
internal sealed class NoiseTable
{
    private readonly Dictionary<Site, (double Signal, double Noise)> _sums = [];

    /// <summary>Adds a tensor and what became of it.</summary>
    public void Add(Site site, torch.Tensor expected, torch.Tensor actual)
    {
        using IDisposable noGradient = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        Add(site, expected.square().sum(torch.float64).item<double>(), (expected - actual).square().sum(torch.float64).item<double>());
    }

    /// <summary>Adds a row and the integers that it became.</summary>
    /// <param name="site">The place.</param>
    /// <param name="expected">Real values.</param>
    /// <param name="actual">Codes.</param>
    /// <param name="step">What a code counts.</param>
    public void Add(Site site, ReadOnlySpan<float> expected, ReadOnlySpan<int> actual, double step)
    {
        double signal = 0;
        double noise = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = expected[i] - (actual[i] * step);
            signal += (double)expected[i] * expected[i];
            noise += difference * difference;
        }

        Add(site, signal, noise);
    }

    /// <summary>The ratios, in order of computation.</summary>
    public IReadOnlyList<SiteFidelity> ToFidelities() =>
    [
        .. _sums.Select(pair => new SiteFidelity(pair.Key, pair.Value.Noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(pair.Value.Signal / pair.Value.Noise)))
            .OrderBy(fidelity => fidelity.Site.Layer >= 0 || fidelity.Site.Kind == SiteKind.EmbeddingOutput ? fidelity.Site.Layer : int.MaxValue)
            .ThenBy(fidelity => fidelity.Site.Kind),
    ];

    private void Add(Site site, double signal, double noise)
    {
        (double Signal, double Noise) known = _sums.GetValueOrDefault(site);
        _sums[site] = (known.Signal + signal, known.Noise + noise);
    }
}
