using MobileQuant.Evaluation.Quality;

namespace MobileQuant.Tests.Evaluation.Quality;

/// <summary>Finds whatever a test wants, and keeps what it was asked for.</summary>
internal sealed class StandInMeter : IArtifactMeter
{
    public QualityMeasurement Figures { get; set; } = SampleQuality.Of(10, 10.5);

    public Exception? Refusal { get; set; }

    public Action? OnMeasure { get; set; }

    public List<string> Measured { get; } = [];

    public void Check(QuantizationRequest request)
    {
        if (Refusal is not null)
        {
            throw Refusal;
        }
    }

    public QualityMeasurement Measure(QuantizationRequest request, string artifactPath, string artifactSha256, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        Measured.Add(File.ReadAllText(artifactPath));
        OnMeasure?.Invoke();
        cancellationToken.ThrowIfCancellationRequested();
        return Figures with { ArtifactSha256 = artifactSha256, Perplexity = request.EvaluationText is null ? null : Figures.Perplexity };
    }
}
