using MobileQuant.Artifacts;
using MobileQuant.Caching;
using MobileQuant.Checkpoints;
using MobileQuant.Lowering;
using MobileQuant.Quantization;
using MobileQuant.Text;
using MobileQuant.Torch;

namespace MobileQuant;

/// <summary>The real producer: checkpoint, calibration, quantized graph, integer program, artifact.</summary>
internal sealed class CheckpointProducer : IArtifactProducer
{
    /// <summary>The version that artifacts and <c>doctor</c> name.</summary>
    public static string ToolVersion { get; } = typeof(CheckpointProducer).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <inheritdoc/>
    public void Produce(QuantizationRequest request, Fingerprint fingerprint, string path, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        TorchRuntime.RequireFetched(request.Offline);
        using ICheckpoint checkpoint = CheckpointReader.Open(request.CheckpointPath);
        TokenizerFiles? tokenizer = checkpoint.ReadTokenizer();
        using QuantizedGraph graph = GraphQuantizer.Quantize(checkpoint, request, tokenizer is null ? null : TextTokenizer.FromFiles(tokenizer), progress, cancellationToken);
        ArtifactLowering.Write(graph, new(ToolVersion, fingerprint.Key, tokenizer, EngineEnvironment.Describe()), path, progress, cancellationToken);

        // The digests were taken while writing: comparing them with what the disk gives back proves the file before it is kept.
        using ArtifactFile written = ArtifactFile.Open(path);
        written.Verify(includeWeights: true, cancellationToken);
    }
}
