namespace MobileQuant.Evaluation.Quality;

/// <summary>Measures artifacts against their checkpoint, behind one door: judging known figures never loads the tensor library.</summary>
internal interface IArtifactMeter
{
    /// <summary>Finds out whether a request can be measured: before the work, not after it.</summary>
    /// <param name="request">From <see cref="Caching.RequestNormalizer"/>.</param>
    /// <exception cref="MobileQuantException">MQ1010, MQ3020: no tokenizer, or a text that is too short.</exception>
    void Check(QuantizationRequest request);

    /// <summary>Measures an artifact.</summary>
    /// <param name="request">What it was made by.</param>
    /// <param name="artifactPath">The artifact.</param>
    /// <param name="artifactSha256">Its digest.</param>
    /// <param name="progress">Told about steps <c>load</c>, <c>rotate</c>, <c>calibrate</c> and <c>evaluate</c>; may be null.</param>
    /// <param name="cancellationToken">Stops between windows.</param>
    QualityMeasurement Measure(QuantizationRequest request, string artifactPath, string artifactSha256, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken);
}
