using MobileQuant.Evaluation.Quality;
using MobileQuant.Evaluation.Reporting;

namespace MobileQuant.Tests.Evaluation.Quality;

/// <summary>Figures of a model of six layers whose branches lie at 30 dB, but for those that a test names.</summary>
internal static class SampleQuality
{
    public static QualityMeasurement Of(double reference = 10, double quantized = 10.5, params (string Site, double Decibels)[] others)
    {
        Dictionary<string, double> given = others.ToDictionary(other => other.Site, other => other.Decibels);
        List<FidelityPoint> sites = [];
        for (int layer = 0; layer < 6; layer++)
        {
            foreach ((string name, double usual) in ((string, double)[])[("attention.o.output", 30), ("mlp.down.output", 29.5), ("output", 33)])
            {
                string site = $"layers.{layer}.{name}";
                sites.Add(new(site, layer, given.GetValueOrDefault(site, usual + (layer * 0.01))));
            }
        }

        sites.Add(new("head.output", -1, given.GetValueOrDefault("head.output", 31)));
        return new() { ArtifactSha256 = new string('a', 64), Perplexity = new(reference, quantized, 512, 16_352), Sites = sites };
    }
}
