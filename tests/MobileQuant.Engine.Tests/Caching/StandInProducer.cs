using MobileQuant.Caching;

namespace MobileQuant.Tests.Caching;

/// <summary>Writes a file that tells which request it was made for, and counts how often.</summary>
internal sealed class StandInProducer(Action<string, CancellationToken>? before = null) : IArtifactProducer
{
    private int _calls;

    public int Calls => _calls;

    public void Produce(QuantizationRequest request, Fingerprint fingerprint, string path, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        before?.Invoke(path, cancellationToken);
        File.WriteAllText(path, $"artifact of {fingerprint.Key} {request.Precision}");
    }
}
