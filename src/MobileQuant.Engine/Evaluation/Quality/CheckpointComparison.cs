using MobileQuant.Artifacts;
using MobileQuant.Checkpoints;
using MobileQuant.Evaluation.Fidelity;
using MobileQuant.Evaluation.Reporting;
using MobileQuant.Modeling;
using MobileQuant.Recipes;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Evaluation.Quality;

/// <summary>The float checkpoint beside an artifact that was made of it.</summary>
internal static class CheckpointComparison
{
    /// <summary>Loads the checkpoint, hands it out for measuring, and compares its sites with the runtime's.</summary>
    /// <param name="checkpoint">What the artifact was made of.</param>
    /// <param name="integer">The artifact.</param>
    /// <param name="seed">The seed that it was made with: it decides a rotation.</param>
    /// <param name="threads">Threads; 0: all cores.</param>
    /// <param name="measure">Measures the float model as it is, and returns the windows on which sites are compared.</param>
    /// <param name="progress">Told about steps <c>load</c>, <c>rotate</c> and <c>evaluate</c>; may be null.</param>
    /// <param name="cancellationToken">Stops between windows.</param>
    /// <returns>As <see cref="FidelityEvaluator"/> gives them for the runtime.</returns>
    /// <exception cref="MobileQuantException">MQ6000: the artifact has no manifest; MQ1034: checkpoint and artifact differ in shape.</exception>
    public static IReadOnlyList<FidelityPoint> Run(
        ICheckpoint checkpoint,
        QuantizedModel integer,
        int seed,
        int threads,
        Func<DecoderModel, IReadOnlyList<int[]>> measure,
        IProgress<QuantizationEvent>? progress,
        CancellationToken cancellationToken)
    {
        ArtifactManifest manifest = integer.Manifest
            ?? throw new MobileQuantException("MQ6000", "The artifact has no manifest.", "Quantize again.");
        RequireSameShape(checkpoint, manifest);
        TorchRuntime.EnsureLoaded(progress, cancellationToken);
        torch.set_num_threads(threads > 0 ? threads : Environment.ProcessorCount);
        bool isRotated = ArtifactMeasurement.IsRotated(manifest);
        IReadOnlyList<int[]> windows;
        using (StartingModel plain = StartingModel.Load(checkpoint, rotates: false, seed, progress, cancellationToken))
        {
            windows = measure(plain.Model);
            if (!isRotated)
            {
                return Compare(plain);
            }
        }

        // One float model at a time: the rotated one has the residual stream of the artifact.
        using StartingModel rotated = StartingModel.Load(checkpoint, rotates: true, seed, progress, cancellationToken);
        return Compare(rotated);

        IReadOnlyList<FidelityPoint> Compare(StartingModel reference)
        {
            reference.Model.Prefix = manifest.Program.Prefix ?? [];
            return [.. FidelityEvaluator.OfRuntime(reference.Model, null, integer, windows, threads, progress, cancellationToken).Select(FidelityPoint.Of)];
        }
    }

    private static void RequireSameShape(ICheckpoint checkpoint, ArtifactManifest manifest)
    {
        DecoderArchitecture decoder = checkpoint.Architecture;
        Programs.ProgramShape shape = manifest.Program.Shape;
        if ((decoder.LayerCount, decoder.HiddenSize, decoder.VocabularySize) != (shape.Layers, shape.Hidden, shape.Vocabulary))
        {
            throw new MobileQuantException(
                "MQ1034",
                $"The reference {checkpoint.Path} has {decoder.LayerCount} layers, hidden size {decoder.HiddenSize} and vocabulary {decoder.VocabularySize}, but the artifact {shape.Layers}, {shape.Hidden} and {shape.Vocabulary}.",
                "Name the checkpoint that the artifact was made of.");
        }
    }
}
