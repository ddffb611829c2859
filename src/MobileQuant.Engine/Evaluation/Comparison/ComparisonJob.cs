using MobileQuant.Caching;
using MobileQuant.Checkpoints;
using MobileQuant.Text;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Evaluation.Comparison;

/// <summary>
/// Recipes of one checkpoint side by side: the same calibration text, the same evaluation. The float model is measured once, then each
/// row is quantized, measured and let go of before the next. A row that fails says why and does not stop the others.
/// </summary>
public static class ComparisonJob
{
    /// <summary>Behind the state file's name: how far learning of the row in hand came.</summary>
    private const string LearningSuffix = ".learning";

    /// <summary>Runs a comparison.</summary>
    /// <param name="request">What to compare.</param>
    /// <param name="progress">Told about all steps, each text with the row that it belongs to; may be null.</param>
    /// <param name="cancellationToken">Stops the work; finished rows stay in the state file.</param>
    /// <returns>The figures.</returns>
    /// <exception cref="MobileQuantException">
    /// MQ1003 to MQ1006, MQ1009, MQ1010, MQ1018, MQ1025, MQ1026, MQ3001: the request; MQ3020, MQ3021: a text; others: the checkpoint. What
    /// concerns a single row is in its <see cref="ComparisonRow.Error"/>.
    /// </exception>
    public static ComparisonResult Run(ComparisonRequest request, IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        IReadOnlyList<ComparisonVariant> variants = ComparisonPlan.Make(request);
        string path = variants[0].Request.CheckpointPath;
        ComparisonState state = ComparisonState.Open(request.StatePath);
        using ICheckpoint checkpoint = CheckpointReader.Open(path);
        TokenizerFiles? files = checkpoint.ReadTokenizer();
        ComparisonRun run = new(checkpoint, files, request.Measures, request.PromptsPath, request.Shared.Threads);
        ComparisonKeys? keys = request.StatePath is null ? null : new(request.Measures, request.PromptsPath, new FileDigests(null), cancellationToken);
        TorchRuntime.EnsureLoaded(progress, cancellationToken);
        torch.set_num_threads(request.Shared.Threads > 0 ? request.Shared.Threads : Environment.ProcessorCount);

        ComparisonStateLine reference = MeasureFloat(run, state, keys?.OfFloat(path), progress, cancellationToken);
        List<ComparisonRow> rows = [];
        for (int i = 0; i < variants.Count; i++)
        {
            string label = $"{i + 1}/{variants.Count} {variants[i].Label}";
            ComparisonVariant variant = request.StatePath is null ? variants[i]
                : variants[i] with { Request = variants[i].Request with { LearningStatePath = request.StatePath + LearningSuffix } };
            rows.Add(MeasureRow(run, variant, reference.Float!, state, keys?.Of(variants[i]), label, progress, cancellationToken));
        }

        return new(
            Path.GetFileName(path),
            checkpoint.Architecture.Family,
            checkpoint.Architecture.ParameterCount,
            request.Shared.Target.ToString().ToLowerInvariant(),
            reference.Measures!,
            reference.Float!,
            ComparisonOrder.Sort(rows));
    }

    private static ComparisonStateLine MeasureFloat(ComparisonRun run, ComparisonState state, string? key, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        if (key is not null && state.Find(key) is { Float: not null, Measures: not null } known)
        {
            return known;
        }

        ComparisonStateLine line = run.MeasureFloat(key ?? string.Empty, Labelled(progress, "float"), cancellationToken);
        state.Add(line);
        return line;
    }

    private static ComparisonRow MeasureRow(
        ComparisonRun run,
        ComparisonVariant variant,
        IReadOnlyList<ComparisonScore> reference,
        ComparisonState state,
        string? key,
        string label,
        IProgress<QuantizationEvent>? progress,
        CancellationToken cancellationToken)
    {
        if (key is not null && state.Find(key) is { Row: { Error: null } known } && (known.Runtime is not null || !variant.RunsInIntegers))
        {
            progress?.Report(new QuantizationEvent.Message($"{label}: known from the state file"));
            return variant.RunsInIntegers ? known : known with { Runtime = null, RuntimeFidelity = [], Greedy = null, ArtifactBytes = null };
        }

        ComparisonRow row = run.MeasureRow(variant, reference, Labelled(progress, label), cancellationToken);
        if (row.Error is { } error)
        {
            progress?.Report(new QuantizationEvent.Warning(error.Code, $"{label}: {error.Message}"));
        }
        else
        {
            state.Add(new() { Key = key ?? label, Model = Path.GetFileName(variant.Request.CheckpointPath), Row = row });
        }

        // What is left of the row before counts neither in time nor in memory of the next.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return row;
    }

    private static LabelledProgress? Labelled(IProgress<QuantizationEvent>? progress, string label) => progress is null ? null : new(progress, label);
}
