using MobileQuant.Checkpoints;
using MobileQuant.Quantization;
using MobileQuant.Rotation;
using MobileQuant.Sensitivity;

namespace MobileQuant.Recipes;

/// <summary>Makes a graph of every start that a recipe may have, and keeps the one whose simulation is nearest to the float model.</summary>
internal sealed class StartSearch(ICheckpoint checkpoint, IRecipe recipe, int seed, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken) : IDisposable
{
    private const int LossWindows = 4;
    private const int LossStride = 2;

    private StartingModel? _best;

    /// <summary>Searches.</summary>
    /// <param name="transform">Runs the recipe on a start.</param>
    /// <param name="windows">Calibration windows, known once the first start was transformed.</param>
    /// <returns>The best start, owned by this, and its graph.</returns>
    public (StartingModel Start, QuantizedGraph Graph) Run(Func<StartingModel, QuantizedGraph> transform, Func<IReadOnlyList<int[]>> windows)
    {
        bool[] rotates = recipe.Rotates ? [true] : recipe.MayRotate && ModelRotation.CanRotate(checkpoint.Architecture) ? [false, true] : [false];
        QuantizedGraph? best = null;
        double least = double.PositiveInfinity;
        List<Finding> findings = [];
        foreach (bool rotated in rotates)
        {
            StartingModel start = StartingModel.Load(checkpoint, rotated, seed, progress, cancellationToken);
            try
            {
                QuantizedGraph graph = transform(start);
                double loss = rotates.Length == 1 ? 0 : LossOf(start, graph, windows());
                findings.Add(new("start", rotated ? "rotated" : "as it is", loss, false));
                if (_best is null || loss < least)
                {
                    (start, _best, best, least) = (_best!, start, graph, loss);
                }
            }
            finally
            {
                // The one that lost, or the best one so far that was replaced.
                start?.Dispose();
            }
        }

        if (rotates.Length == 1)
        {
            return (_best!, best!);
        }

        string chosen = _best!.IsRotated ? "rotated" : "as it is";
        findings = [.. findings.Select(finding => finding with { IsChosen = finding.Candidate == chosen })];
        progress?.Report(new QuantizationEvent.Message(FormattableString.Invariant($"Start: the model {chosen} (divergence {least:0.00000}, the other {findings.Max(finding => finding.Loss):0.00000}).")));
        return (_best, best! with { Recipe = best.Recipe with { Findings = [.. findings, .. best.Recipe.Findings] } });
    }

    /// <inheritdoc/>
    public void Dispose() => _best?.Dispose();

    private static double LossOf(StartingModel start, QuantizedGraph graph, IReadOnlyList<int[]> windows)
    {
        using CalibrationLoss loss = new(start.Model, [.. windows.Take(LossWindows)], LossStride);
        return loss.OfWhole(graph);
    }
}
