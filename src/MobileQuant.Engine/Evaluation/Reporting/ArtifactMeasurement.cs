using MobileQuant.Artifacts;
using MobileQuant.Calibration;
using MobileQuant.Checkpoints;
using MobileQuant.Evaluation.Fidelity;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Rotation;
using MobileQuant.Text;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>What a report shows of an artifact beyond its manifest: activations of the float model, and where the runtime departs from it.</summary>
/// <param name="Activations">Inputs of linear layers and what the cache keeps, of the checkpoint as it is.</param>
/// <param name="Fidelity">Float against integers: branches, residual stream and logits.</param>
internal sealed record ArtifactMeasurement(IReadOnlyList<ActivationProfile> Activations, IReadOnlyList<FidelityPoint> Fidelity)
{
    private const int WindowLength = 256;

    /// <summary>Measures on windows of the calibration text, or sampled from the model where there is none.</summary>
    public static ArtifactMeasurement Run(
        QuantizationRequest request, QuantizedModel integer, ArtifactManifest manifest, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        TorchRuntime.RequireFetched(request.Offline);
        using ICheckpoint checkpoint = CheckpointReader.Open(request.CheckpointPath);
        TorchRuntime.EnsureLoaded(progress, cancellationToken);
        torch.set_num_threads(request.Threads > 0 ? request.Threads : Environment.ProcessorCount);
        using StartingModel plain = StartingModel.Load(checkpoint, rotates: false, request.Seed, progress, cancellationToken);
        IReadOnlyList<int[]> windows = Windows(request, checkpoint, plain.Model, progress, cancellationToken);
        ActivationProfile[] activations =
        [
            .. SiteProfiler.Observe(plain.Model, windows, progress: progress, cancellationToken: cancellationToken)
                .Where(profile => profile.Site.IsLinearInput || profile.Site.IsPerHead)
                .Select(Describe),
        ];

        // Rotation moves the residual stream: the float model has to be moved with it before both are compared.
        using StartingModel? rotated = IsRotated(manifest) ? StartingModel.Load(checkpoint, rotates: true, request.Seed, progress, cancellationToken) : null;
        DecoderModel reference = (rotated ?? plain).Model;
        reference.Prefix = manifest.Program.Prefix ?? [];
        return new(activations, [.. FidelityEvaluator.OfRuntime(reference, null, integer, windows, request.Threads, progress, cancellationToken).Select(FidelityPoint.Of)]);
    }

    /// <summary>Whether an artifact's residual stream is rotated: by its recipe, or because a search for the start took that.</summary>
    internal static bool IsRotated(ArtifactManifest manifest) =>
        RecipeCatalog.Find(manifest.Recipe).Rotates
        || (manifest.Findings ?? []).Any(finding => finding is { Step: "start", Candidate: "rotated", Chosen: true });

    /// <summary>Windows of the calibration text, or sampled from the model where there is none.</summary>
    internal static IReadOnlyList<int[]> Windows(QuantizationRequest request, ICheckpoint checkpoint, DecoderModel model, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        int length = Math.Min(WindowLength, checkpoint.Architecture.ContextLength - SinkPrefix.MostTokens);
        return request.Calibration.Count > 0 && checkpoint.ReadTokenizer() is { } files
            ? CalibrationCorpus.Read(request.Calibration, TextTokenizer.FromFiles(files), FidelityEvaluator.DefaultWindowCount, length, request.Seed).Windows
            : ModelSampler.Sample(model, FidelityEvaluator.DefaultWindowCount, length, request.Seed, progress, cancellationToken).Windows;
    }

    private static ActivationProfile Describe(SiteProfile profile)
    {
        string site = profile.Site.ToString();
        string layer = $"layers.{profile.Site.Layer}.";
        return new(
            site,
            profile.Site.Layer,
            site.StartsWith(layer, StringComparison.Ordinal) ? site[layer.Length..] : site,
            profile.Minimum,
            profile.Maximum,
            profile.MedianAbsoluteMaximum,
            [.. profile.Outliers.Select(channel => new LoudChannel(channel.Channel, channel.AbsoluteMaximum, channel.Ratio))]);
    }
}
