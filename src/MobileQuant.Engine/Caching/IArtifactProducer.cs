namespace MobileQuant.Caching;

/// <summary>The heavy part of a job, behind one door: everything up to here runs without loading the tensor library.</summary>
internal interface IArtifactProducer
{
    /// <summary>Quantizes, lowers and writes.</summary>
    /// <param name="request">From <see cref="RequestNormalizer"/>.</param>
    /// <param name="fingerprint">To be recorded in the artifact.</param>
    /// <param name="path">The file to write; does not exist yet, and is thrown away when this fails.</param>
    /// <param name="progress">Told about steps; may be null.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    void Produce(QuantizationRequest request, Fingerprint fingerprint, string path, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken);
}
