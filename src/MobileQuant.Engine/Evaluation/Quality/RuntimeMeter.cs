using MobileQuant.Artifacts;
using MobileQuant.Checkpoints;
using MobileQuant.Evaluation.Fidelity;
using MobileQuant.Evaluation.Reporting;
using MobileQuant.Recipes;
using MobileQuant.Text;
using MobileQuant.Torch;
using TorchSharp;

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
        using ICheckpoint checkpoint = CheckpointReader.Open(request.CheckpointPath);
        using QuantizedModel integer = QuantizedModel.Open(artifactPath);
        ArtifactManifest manifest = integer.Manifest
            ?? throw new MobileQuantException("MQ6000", $"{artifactPath} has no manifest.", "Quantize again.");
        TorchRuntime.EnsureLoaded(progress, cancellationToken);
        torch.set_num_threads(request.Threads > 0 ? request.Threads : Environment.ProcessorCount);
        bool isRotated = ArtifactMeasurement.IsRotated(manifest);
        PerplexityPair? perplexity;
        IReadOnlyList<int[]> windows;
        IReadOnlyList<SiteFidelity>? sites = null;
        using (StartingModel plain = StartingModel.Load(checkpoint, rotates: false, request.Seed, progress, cancellationToken))
        {
            perplexity = request.EvaluationText is null ? null : Compare(request, checkpoint, plain, integer, progress, cancellationToken);
            windows = Windows(request, checkpoint, plain, progress, cancellationToken);
            sites = isRotated ? null : Sites(plain);
        }

        if (sites is null)
        {
            // One float model at a time: the rotated one has the residual stream of the artifact.
            using StartingModel rotated = StartingModel.Load(checkpoint, rotates: true, request.Seed, progress, cancellationToken);
            sites = Sites(rotated);
        }

        return new() { ArtifactSha256 = artifactSha256, Perplexity = perplexity, Sites = [.. sites.Select(FidelityPoint.Of)] };

        IReadOnlyList<SiteFidelity> Sites(StartingModel reference)
        {
            reference.Model.Prefix = manifest.Program.Prefix ?? [];
            return FidelityEvaluator.OfRuntime(reference.Model, null, integer, windows, request.Threads, progress, cancellationToken);
        }
    }

    private static PerplexityPair Compare(
        QuantizationRequest request, ICheckpoint checkpoint, StartingModel reference, QuantizedModel integer, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        EvaluationText.Check(request, checkpoint);
        string name = Path.GetFileName(request.EvaluationText!);
        int[] ids = EvaluationText.Read(request.EvaluationText!, EvaluationText.TokenizerOf(checkpoint));
        using GenerationSession session = integer.CreateSession(new SessionOptions { Threads = request.Threads });

        // The runtime first: behind a prefix its context is the shorter one, and both must be cut into the same windows.
        PerplexityResult quantized = PerplexityEvaluator.Evaluate(new RuntimeLanguageModel("integers", session), $"{name} in integers", ids, null, EvaluationText.MostWindows, progress, cancellationToken);
        PerplexityResult real = PerplexityEvaluator.Evaluate(new FloatLanguageModel("float", reference.Model), $"{name} in float", ids, quantized.Window, EvaluationText.MostWindows, progress, cancellationToken);
        return new(real.Perplexity, quantized.Perplexity, quantized.Window, quantized.Tokens);
    }

    private static IReadOnlyList<int[]> Windows(QuantizationRequest request, ICheckpoint checkpoint, StartingModel plain, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken) =>
        request.EvaluationText is { } text
            ? FidelityWindows.Read(text, EvaluationText.TokenizerOf(checkpoint), checkpoint.Architecture)
            : ArtifactMeasurement.Windows(request, checkpoint, plain.Model, progress, cancellationToken);
}
