using System.Diagnostics;
using MobileQuant.Caching;
using MobileQuant.Checkpoints;
using MobileQuant.Evaluation.Fidelity;
using MobileQuant.Evaluation.Reporting;
using MobileQuant.Lowering;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Text;

namespace MobileQuant.Evaluation.Comparison;

/// <summary>Measures one model after the other.</summary>
/// <param name="checkpoint">The float model.</param>
/// <param name="files">Its tokenizer's files, or null.</param>
/// <param name="measures">What is measured.</param>
/// <param name="promptsPath">A file of prompts, or null.</param>
/// <param name="threads">Threads; 0: all cores.</param>
internal sealed class ComparisonRun(ICheckpoint checkpoint, TokenizerFiles? files, IReadOnlyList<TextMeasure> measures, string? promptsPath, int threads)
{
    private readonly TextTokenizer? _tokenizer = files is null ? null : TextTokenizer.FromFiles(files);
    private readonly Lazy<IReadOnlyList<int[]>> _fidelityWindows = new(() => files is null || RunningText(measures) is not { } path
        ? [] : FidelityWindows.Read(path, TextTokenizer.FromFiles(files), checkpoint.Architecture));

    private readonly Lazy<IReadOnlyList<int[]>> _prompts = new(() => files is null
        ? [] : GreedyPrompts.Read(promptsPath, RunningText(measures), TextTokenizer.FromFiles(files), checkpoint.Architecture));

    private readonly string _name = Path.GetFileName(Path.TrimEndingDirectorySeparator(checkpoint.Path));

    /// <summary>The float model's figures.</summary>
    public ComparisonStateLine MeasureFloat(string key, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        using DecoderModel model = new(checkpoint.Architecture, WeightLoader.Load(checkpoint, progress, cancellationToken), ownsWeights: true);
        FloatLanguageModel language = new(_name, model);
        List<ComparisonScore> scores = [];
        List<ComparisonMeasure> described = [];
        foreach (TextMeasure measure in measures)
        {
            EvaluationResult result = TextMeasurement.Run(measure, EvaluationKind.Checkpoint, language, checkpoint.Path, _tokenizer, progress, cancellationToken);
            string text = Path.GetFileName(measure.TextPath);
            scores.AddRange(ComparisonScore.Of(text, result));
            described.Add(new(measure.Protocol.ToString().ToLowerInvariant(), text, result.Window, measure.Limit, result.Tokens));
        }

        return new() { Key = key, Model = _name, Float = scores, Measures = described };
    }

    /// <summary>A row's figures; whatever goes wrong but a cancellation is in the row.</summary>
    public ComparisonRow MeasureRow(ComparisonVariant variant, IReadOnlyList<ComparisonScore> reference, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        using MemoryWatch memory = new();
        Stopwatch clock = Stopwatch.StartNew();
        ComparisonRow row = variant.ToRow();
        try
        {
            using QuantizedGraph graph = GraphQuantizer.Quantize(checkpoint, variant.Request, _tokenizer, progress, cancellationToken);
            row = Describe(row, graph.Recipe) with { QuantizeMinutes = clock.Elapsed.TotalMinutes };
            clock.Restart();
            row = row with { Simulation = MeasureSimulation(graph, reference, progress, cancellationToken), Fidelity = MeasureFidelity(graph, progress, cancellationToken) };
            if (variant.RunsInIntegers)
            {
                row = MeasureRuntime(row, graph, reference, progress, cancellationToken);
            }
        }
        catch (MobileQuantException e)
        {
            row = row with { Error = new(e.Code, e.Message, e.Remedy) };
        }
#pragma warning disable CA1031 // Hours of other rows must not be lost to whatever one recipe runs into.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            row = row with { Error = new("MQ9000", $"Internal error: {e.GetType().Name}: {e.Message}", null) };
        }

        // A recipe that failed used its time for quantizing.
        return (row.Settings.Count == 0 ? row with { QuantizeMinutes = clock.Elapsed.TotalMinutes } : row with { EvaluateMinutes = clock.Elapsed.TotalMinutes }) with { PeakMemoryBytes = memory.PeakBytes };
    }

    /// <summary>The first text that is read as running text.</summary>
    private static string? RunningText(IReadOnlyList<TextMeasure> measures) =>
        measures.FirstOrDefault(measure => measure.Protocol is EvaluationProtocol.Perplexity or EvaluationProtocol.Wikitext)?.TextPath;

    private static ComparisonRow Describe(ComparisonRow row, RecipeSummary recipe) => row with
    {
        Settings = new SortedDictionary<string, string>(recipe.Settings.ToDictionary(), StringComparer.Ordinal),
        Findings = recipe.Findings,
        Curve = recipe.Learning?.Curve ?? [],
        SkippedSteps = recipe.Learning?.SkippedSteps ?? 0,
    };

    private List<ComparisonScore> MeasureSimulation(QuantizedGraph graph, IReadOnlyList<ComparisonScore> reference, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        using Simulation simulation = new(graph);
        using DecoderModel model = new(graph.Architecture, graph.Weights) { Prefix = graph.Prefix };
        return Measure(EvaluationKind.Simulation, new FloatLanguageModel(_name, model, simulation), reference, progress, cancellationToken);
    }

    /// <summary>The worst site of each layer, on the beginning of the first running text.</summary>
    private IReadOnlyList<FidelityPoint> MeasureFidelity(QuantizedGraph graph, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        IReadOnlyList<int[]> windows = _fidelityWindows.Value;
        return windows.Count == 0 ? [] : WorstOfLayers(FidelityEvaluator.OfSimulation(graph, windows, graph.Target, progress, cancellationToken));
    }

    private static IReadOnlyList<FidelityPoint> WorstOfLayers(IReadOnlyList<SiteFidelity> fidelities) =>
    [
        .. fidelities.Where(fidelity => fidelity.Site.Layer >= 0)
            .GroupBy(fidelity => fidelity.Site.Layer)
            .OrderBy(layer => layer.Key)
            .Select(layer => FidelityPoint.Of(layer.MinBy(fidelity => fidelity.Decibels)!)),
    ];

    private ComparisonRow MeasureRuntime(ComparisonRow row, QuantizedGraph graph, IReadOnlyList<ComparisonScore> reference, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        using TemporaryPath folder = TemporaryPath.FolderIn(Path.GetTempPath());
        string artifact = Path.Combine(folder.Path, "artifact.mq.safetensors");
        ArtifactLowering.Write(graph, new(CheckpointProducer.ToolVersion, string.Empty, files), artifact, progress, cancellationToken);
        using QuantizedModel model = QuantizedModel.Open(artifact);
        using GenerationSession session = model.CreateSession(new SessionOptions { Threads = threads });
        return row with
        {
            ArtifactBytes = new FileInfo(artifact).Length,
            RuntimeFidelity = _fidelityWindows.Value is { Count: > 0 } windows ? WorstOfLayers(FidelityEvaluator.OfRuntime(graph, model, windows, threads, progress, cancellationToken)) : [],
            Greedy = MeasureGreedy(graph, session, cancellationToken),
            Runtime = Measure(EvaluationKind.Artifact, new RuntimeLanguageModel(_name, session), reference, progress, cancellationToken),
        };
    }

    private GreedyAgreement? MeasureGreedy(QuantizedGraph graph, GenerationSession session, CancellationToken cancellationToken)
    {
        if (_prompts.Value.Count == 0)
        {
            return null;
        }

        using Simulation simulation = new(graph);
        using DecoderModel model = new(graph.Architecture, graph.Weights) { Prefix = graph.Prefix };
        return GreedyAgreement.Measure(_prompts.Value, session, new FloatLanguageModel(_name, model, simulation), cancellationToken);
    }

    private List<ComparisonScore> Measure(EvaluationKind kind, ILanguageModel model, IReadOnlyList<ComparisonScore> reference, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        List<ComparisonScore> scores = [];
        foreach (TextMeasure measure in measures)
        {
            EvaluationResult result = TextMeasurement.Run(measure, kind, model, checkpoint.Path, _tokenizer, progress, cancellationToken);
            scores.AddRange(ComparisonScore.Of(Path.GetFileName(measure.TextPath), result, reference));
        }

        return scores;
    }
}
