using MobileQuant.Caching;

namespace MobileQuant.Evaluation.Quality;

/// <summary>The quality gate of one job: finds the figures of its artifact in the store, or measures them, and judges them.</summary>
internal sealed class QualityCheck
{
    /// <summary>What figures on the calibration text are kept under: it decides the artifact's key, so beside that key it needs no name of its own.</summary>
    public const string CalibrationText = "calibration";

    private readonly QuantizationRequest _request;
    private readonly IArtifactMeter _meter;

    private QualityCheck(QuantizationRequest request, IArtifactMeter meter, string text)
    {
        _request = request;
        _meter = meter;
        Text = text;
    }

    /// <summary>What the figures are kept under beside the artifact's key: the digest of the evaluation text. Limits are no part of it.</summary>
    public string Text { get; }

    /// <summary>The figures, once known.</summary>
    public QualityMeasurement? Found { get; private set; }

    /// <summary>The check that a request asks for.</summary>
    /// <param name="request">From <see cref="RequestNormalizer"/>.</param>
    /// <param name="meter">Measures what is not known.</param>
    /// <param name="digests">Digests of files.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <returns>The check, or null where nothing is to be measured.</returns>
    public static QualityCheck? For(QuantizationRequest request, IArtifactMeter meter, FileDigests digests, CancellationToken cancellationToken) =>
        request.EvaluationText is { } text ? new(request, meter, digests.Compute(text, null, cancellationToken))
        : request.Limits.IsEmpty ? null
        : new(request, meter, CalibrationText);

    /// <summary>Whether the figures of a stored artifact are known.</summary>
    public bool Recall(ContentStore store, string key)
    {
        Found ??= store.Quality.Read(key, Text) is { } stored && (stored.Perplexity is null) == (_request.EvaluationText is null) ? stored : null;
        return Found is not null;
    }

    /// <summary>Forgets the figures: the artifact was made again.</summary>
    public void Forget() => Found = null;

    /// <summary>Finds out whether measuring will be possible.</summary>
    public void Prepare() => _meter.Check(_request);

    /// <summary>Measures an artifact.</summary>
    public QualityMeasurement Measure(string artifactPath, string sha256, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken) =>
        Found = _meter.Measure(_request, artifactPath, sha256, progress, cancellationToken);

    /// <summary>What is wrong with the figures, or null when they keep the limits.</summary>
    public MobileQuantException? Judge() => QualityGate.Judge(_request, Found!);
}
