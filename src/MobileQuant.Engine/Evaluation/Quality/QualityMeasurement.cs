using System.Text.Json.Serialization;
using MobileQuant.Evaluation.Reporting;

namespace MobileQuant.Evaluation.Quality;

/// <summary>How good an artifact is against the float model: what the quality gate judges, kept in the store so that another limit costs no measuring.</summary>
public sealed record QualityMeasurement
{
    /// <summary>Bumped whenever the same artifact and text would be measured differently; figures of another version are measured again.</summary>
    public const int CurrentVersion = 1;

    /// <summary>See <see cref="CurrentVersion"/>.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Digest of the artifact that was measured.</summary>
    public required string ArtifactSha256 { get; init; }

    /// <summary>Perplexities on the evaluation text; null where none was given.</summary>
    public PerplexityPair? Perplexity { get; init; }

    /// <summary>Signal to noise between float model and integer runtime: both branches and the residual stream of each layer, and the logits, in order of computation.</summary>
    public required IReadOnlyList<FidelityPoint> Sites { get; init; }

    /// <summary>The sites that lose most, worst first.</summary>
    [JsonIgnore]
    public IEnumerable<FidelityPoint> WorstSites => Sites.OrderBy(site => double.IsNaN(site.Decibels) ? double.NegativeInfinity : site.Decibels);
}
