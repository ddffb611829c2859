using MobileQuant.Checkpoints;
using MobileQuant.Evaluation.Reporting;
using MobileQuant.Modeling;
using MobileQuant.Torch;

namespace MobileQuant.Evaluation.Quality;

/// <summary>The real meter: the float checkpoint against the integer runtime.</summary>
internal sealed class RuntimeMeter : IArtifactMeter
{
    /// <inheritdoc/>
    public void Check(QuantizationRequest request)
    {
        if (request.EvaluationText is not null)
        {
            using ICheckpoint checkpoint = CheckpointReader.Open(request.CheckpointPath);
            EvaluationText.Check(request, checkpoint);
        }
    }

    /// <inheritdoc/>
    public QualityMeasurement Measure(QuantizationRequest request, string artifactPath, string artifactSha256, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        TorchRuntime.RequireFetched(request.Offline);
        using ICheckpoint checkpoint = CheckpointReader.Open(request.CheckpointPath);
        using QuantizedModel integer = QuantizedModel.Open(artifactPath);
        PerplexityPair? perplexity = null;
        IReadOnlyList<FidelityPoint> sites = CheckpointComparison.Run(
            checkpoint,
            integer,
            request.Seed,
            request.Threads,
            plain =>
            {
                perplexity = request.EvaluationText is null ? null : Compare(request, checkpoint, plain, integer, progress, cancellationToken);
                return Windows(request, checkpoint, plain, progress, cancellationToken);
            },
            progress,
            cancellationToken);
        return new() { ArtifactSha256 = artifactSha256, Perplexity = perplexity, Sites = sites };
    }

    private static PerplexityPair Compare(
        QuantizationRequest request, ICheckpoint checkpoint, DecoderModel reference, QuantizedModel integer, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        EvaluationText.Check(request, checkpoint);
        string name = Path.GetFileName(request.EvaluationText!);
        int[] ids = EvaluationText.Read(request.EvaluationText!, EvaluationText.TokenizerOf(checkpoint));
        using GenerationSession session = integer.CreateSession(new SessionOptions { Threads = request.Threads });

        // The runtime first: behind a prefix its context is the shorter one, and both must be cut into the same windows.
        PerplexityResult quantized = PerplexityEvaluator.Evaluate(new RuntimeLanguageModel("integers", session), $"{name} in integers", ids, null, EvaluationText.MostWindows, progress, cancellationToken);
        PerplexityResult real = PerplexityEvaluator.Evaluate(new FloatLanguageModel("float", reference), $"{name} in float", ids, quantized.Window, EvaluationText.MostWindows, progress, cancellationToken);
        return new(real.Perplexity, quantized.Perplexity, quantized.Window, quantized.Tokens);
    }

    private static IReadOnlyList<int[]> Windows(QuantizationRequest request, ICheckpoint checkpoint, DecoderModel plain, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken) =>
        request.EvaluationText is { } text
            ? FidelityWindows.Read(text, EvaluationText.TokenizerOf(checkpoint), checkpoint.Architecture)
            : ArtifactMeasurement.Windows(request, checkpoint, plain, progress, cancellationToken);
}
