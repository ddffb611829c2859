using MobileQuant.Artifacts;
using MobileQuant.Caching;
using MobileQuant.Checkpoints;
using MobileQuant.Lowering;
using MobileQuant.Quantization;
using MobileQuant.Text;

namespace MobileQuant;

/// <summary>The real producer: checkpoint, calibration, quantized graph, integer program, artifact.</summary>
internal sealed class CheckpointProducer : IArtifactProducer
{
    /// <summary>The version that artifacts and <c>doctor</c> name.</summary>
    public static string ToolVersion { get; } = typeof(CheckpointProducer).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <inheritdoc/>
    public void Produce(QuantizationRequest request, Fingerprint fingerprint, string path, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        using ICheckpoint checkpoint = CheckpointReader.Open(request.CheckpointPath);
        using QuantizedGraph graph = GraphQuantizer.Quantize(checkpoint, request, null, progress, cancellationToken);
        ArtifactOrigin origin = new(
            ToolVersion,
            fingerprint.Key,
            ReadIfPresent(checkpoint.TokenizerFolder, TextTokenizer.FileName),
            ReadIfPresent(checkpoint.TokenizerFolder, TextTokenizer.ConfigFileName));
        ArtifactLowering.Write(graph, origin, path, progress, cancellationToken);

        // The digests were taken while writing: comparing them with what the disk gives back proves the file before it is kept.
        using ArtifactFile written = ArtifactFile.Open(path);
        written.Verify(includeWeights: true, cancellationToken);
    }

    // Without the cast, null would become an empty array, and an empty array a tokenizer of no bytes.
    private static ReadOnlyMemory<byte>? ReadIfPresent(string? folder, string name) =>
        folder is not null && File.Exists(Path.Combine(folder, name)) ? File.ReadAllBytes(Path.Combine(folder, name)) : (ReadOnlyMemory<byte>?)null;
}
