using MobileQuant.Caching;

namespace MobileQuant;

/// <summary>The real producer: checkpoint, calibration, quantized graph, integer program, artifact.</summary>
internal sealed class CheckpointProducer : IArtifactProducer
{
    /// <inheritdoc/>
    public void Produce(QuantizationRequest request, Fingerprint fingerprint, string path, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken) =>
        throw new MobileQuantException("MQ9001", "This build of the engine has no quantizer yet.");
}
