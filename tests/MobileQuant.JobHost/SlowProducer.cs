using System.Text;
using MobileQuant.Caching;

namespace MobileQuant.JobHost;

/// <summary>Takes its time to write an artifact that follows from the fingerprint alone, so that a kill finds it at any point.</summary>
/// <param name="pause">Between parts of the file.</param>
internal sealed class SlowProducer(TimeSpan pause) : IArtifactProducer
{
    private const int Parts = 32;
    private const int LinesPerPart = 128;

    /// <summary>What the artifact of a key holds.</summary>
    public static byte[] Content(string key) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, Parts * LinesPerPart).Select(i => $"{key} {i:d6}\n")));

    public void Produce(QuantizationRequest request, Fingerprint fingerprint, string path, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        byte[] content = Content(fingerprint.Key);
        using FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        foreach (byte[] part in content.Chunk(content.Length / Parts))
        {
            cancellationToken.ThrowIfCancellationRequested();
            stream.Write(part);
            stream.Flush(flushToDisk: true);
            Thread.Sleep(pause);
        }
    }
}
