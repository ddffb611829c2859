using System.Globalization;
using MobileQuant.Artifacts;
using MobileQuant.Caching;
using MobileQuant.Quantization;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>The report of a quantization: what the artifact's manifest tells, and what measuring it against the float model adds.</summary>
public static class QuantizationReport
{
    /// <summary>Makes the report. An artifact that came from the store has the same one as when it was made.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="result">What came of it; its file is there.</param>
    /// <param name="progress">Told about steps <c>load</c>, <c>calibrate</c> and <c>evaluate</c>; may be null.</param>
    /// <param name="cancellationToken">Stops between passes.</param>
    /// <returns>The report.</returns>
    /// <exception cref="MobileQuantException">As evaluating the checkpoint and the artifact.</exception>
    public static ReportModel Make(QuantizationRequest request, QuantizationResult result, IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(result);
        QuantizationRequest normal = RequestNormalizer.NormalizeInputs(request);
        using QuantizedModel model = QuantizedModel.Open(result.OutputPath);
        ArtifactManifest manifest = model.Manifest
            ?? throw new MobileQuantException("MQ6000", $"{result.OutputPath} has no manifest.", "Quantize again.");
        string name = Path.GetFileName(normal.CheckpointPath);
        ArtifactMeasurement measurement = ArtifactMeasurement.Run(normal, model, manifest, progress, cancellationToken);
        string grids = $"{manifest.Precision}, {manifest.Activations} activations, {manifest.Weights} weights";
        return new()
        {
            Title = $"{name}: {manifest.Recipe}, {manifest.Precision}",
            Summary = [.. Facts(name, manifest, result)],
            Settings = manifest.RecipeSettings,
            Fidelity = [new(grids, "float model and integer runtime", measurement.Fidelity)],
            Activations = measurement.Activations,
            Curves = manifest.Learning is { } learning
                ? [new(grids, manifest.Recipe, learning.SkippedSteps, [.. learning.Curve.Select(point => new Learning.LearningPoint(point.Step, point.Loss))])]
                : [],
            Findings = [.. (manifest.Findings ?? []).Select(finding => new Finding(finding.Step, finding.Candidate, finding.Loss, finding.Chosen))],
        };
    }

    private static IEnumerable<ReportFact> Facts(string name, ArtifactManifest manifest, QuantizationResult result)
    {
        yield return new("model", name);
        yield return new("family", manifest.Family);
        yield return new("parameters", Figures.Count(manifest.Parameters));
        yield return new("recipe", manifest.Recipe);
        yield return new("precision", manifest.Precision);
        yield return new("activations", manifest.Activations);
        yield return new("weights", $"{manifest.Weights}, scales per {manifest.Granularity}");
        yield return new("artifact", $"{Path.GetFileName(result.OutputPath)}, {Figures.Megabytes(result.Bytes)} MB");
        if (manifest.Learning is { } learning)
        {
            yield return new("learned", string.Create(CultureInfo.InvariantCulture, $"{learning.Steps} steps"));
        }

        yield return new("time", $"{Figures.Minutes(result.Elapsed.TotalMinutes)} minutes{(result.CacheHit ? ", from the store" : "")}");
        yield return new("peak memory", $"{Figures.Gigabytes(result.PeakMemoryBytes)} GB");
        yield return new("content key", result.Fingerprint);
    }
}
