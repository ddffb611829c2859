using System.Globalization;
using MobileQuant.Caching;
using MobileQuant.Checkpoints;
using MobileQuant.Evaluation.Fidelity;
using MobileQuant.Evaluation.Quality;
using MobileQuant.Evaluation.Reporting;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Text;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Evaluation;

/// <summary>Request in, numbers out: opens whatever kind of model it is and measures it.</summary>
public static class EvaluationJob
{
    /// <summary>Runs an evaluation.</summary>
    /// <param name="request">What to evaluate.</param>
    /// <param name="progress">Told about steps; may be null.</param>
    /// <param name="cancellationToken">Stops between windows.</param>
    /// <returns>The numbers.</returns>
    /// <exception cref="MobileQuantException">MQ1003, MQ1009 to MQ1012, MQ1031, MQ1032, MQ1034: the request; MQ3020, MQ3021, MQ3040: the text; MQ3060 to MQ3062: limits that are not kept; others: the model.</exception>
    public static EvaluationResult Run(EvaluationRequest request, IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        MeasureOf(request).Validate();
        ValidateGate(request);
        if (CheckpointReader.IsCheckpoint(request.ModelPath))
        {
            return RunCheckpoint(request, progress, cancellationToken);
        }

        return request.Simulation is null
            ? RunArtifact(request, progress, cancellationToken)
            : throw new MobileQuantException("MQ1011", $"{request.ModelPath} is no checkpoint, and only a checkpoint can be simulated.", "Name a checkpoint's folder or a GGUF file.");
    }

    private static EvaluationResult RunArtifact(EvaluationRequest request, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        using QuantizedModel model = QuantizedModel.Open(request.ModelPath);
        using GenerationSession session = model.CreateSession(new SessionOptions { Threads = request.Threads });
        EvaluationResult result = Measure(request, EvaluationKind.Artifact, new RuntimeLanguageModel(NameOf(request), session), model.Tokenizer, progress, cancellationToken);
        if (request.ReferencePath is null)
        {
            return result;
        }

        using ICheckpoint checkpoint = CheckpointReader.Open(request.ReferencePath);
        PerplexityPair? perplexity = null;
        IReadOnlyList<FidelityPoint> sites = CheckpointComparison.Run(
            checkpoint,
            model,
            SeedOf(model),
            request.Threads,
            real =>
            {
                perplexity = Pair(request, real, model.Tokenizer, result, progress, cancellationToken);
                return Windows(request, model.Tokenizer, checkpoint.Architecture);
            },
            progress,
            cancellationToken);
        return Judge(request, result with { Quality = new() { ArtifactSha256 = string.Empty, Perplexity = perplexity, Sites = sites } });
    }

    // A rotation is made of the seed.
    private static int SeedOf(QuantizedModel model) =>
        model.Manifest is { } manifest && manifest.RecipeSettings.TryGetValue("seed", out string? text) && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int seed)
            ? seed
            : new QuantizationRequest { CheckpointPath = string.Empty, OutputPath = string.Empty }.Seed;

    private static PerplexityPair Pair(EvaluationRequest request, DecoderModel real, TextTokenizer? tokenizer, EvaluationResult quantized, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        EvaluationResult reference = TextMeasurement.Run(
            MeasureOf(request) with { Window = quantized.Window }, EvaluationKind.Checkpoint, new FloatLanguageModel("float", real), request.ModelPath, tokenizer, progress, cancellationToken);
        return new(reference.Perplexity!.Value, quantized.Perplexity!.Value, quantized.Window!.Value, quantized.Tokens);
    }

    private static IReadOnlyList<int[]> Windows(EvaluationRequest request, TextTokenizer? tokenizer, DecoderArchitecture architecture) =>
        FidelityWindows.Read(request.TextPath, tokenizer!, architecture) is { Count: > 0 } windows
            ? windows
            : throw new MobileQuantException("MQ3020", $"{request.TextPath} is too short to compare sites on: less than one window of 256 tokens.", "Use a longer text.");

    private static EvaluationResult Judge(EvaluationRequest request, EvaluationResult result)
    {
        string remedy = request.Simulation is { } quantization
            ? QualitySuggestions.Text(RequestNormalizer.NormalizeInputs(quantization), result.Quality!)
            : "Quantize with the same limits: `mobilequant quantize` suggests what to change, from the settings that it has.";
        return QualityGate.Judge(NameOf(request), request.TextPath, request.Limits, result.Quality!, () => remedy) is { } failure ? throw failure : result;
    }

    private static void ValidateGate(EvaluationRequest request)
    {
        request.Limits.Validate();
        if (request.Limits.IsEmpty && request.ReferencePath is null)
        {
            return;
        }

        string? problem = request.Protocol != EvaluationProtocol.Perplexity ? "Limits and a reference go with the protocol perplexity only."
            : request.Simulation is not null ? request.ReferencePath is null ? null : "A simulation is compared with its own checkpoint; it takes no other reference."
            : CheckpointReader.IsCheckpoint(request.ModelPath) ? $"{request.ModelPath} is a checkpoint and would be evaluated in float, which is what quantized models are compared with."
            : request.ReferencePath is null ? "Limits are against the float model, and the artifact does not say where that is."
            : null;
        if (problem is not null)
        {
            throw new MobileQuantException("MQ1034", problem, "Name an artifact and its checkpoint (--reference CHECKPOINT), or simulate a checkpoint (--simulate).");
        }
    }

    private static EvaluationResult RunCheckpoint(EvaluationRequest request, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        using ICheckpoint checkpoint = CheckpointReader.Open(request.ModelPath);
        TextTokenizer? tokenizer = checkpoint.ReadTokenizer() is { } files ? TextTokenizer.FromFiles(files) : null;
        TorchRuntime.EnsureLoaded(progress, cancellationToken);
        torch.set_num_threads(request.Threads > 0 ? request.Threads : Environment.ProcessorCount);
        if (request.Simulation is { } quantization)
        {
            using QuantizedGraph graph = GraphQuantizer.Quantize(checkpoint, RequestNormalizer.NormalizeInputs(quantization), tokenizer, progress, cancellationToken);
            using Simulation simulation = new(graph);
            using DecoderModel simulated = new(graph.Architecture, graph.Weights) { Prefix = graph.Prefix };
            EvaluationResult result = Measure(request, EvaluationKind.Simulation, new FloatLanguageModel(NameOf(request), simulated, simulation), tokenizer, progress, cancellationToken);
            if (request.Limits.IsEmpty)
            {
                return result;
            }

            // The graph's weights are folded; the checkpoint as it is says what float is.
            using DecoderModel real = new(checkpoint.Architecture, WeightLoader.Load(checkpoint, progress, cancellationToken), ownsWeights: true);
            PerplexityPair perplexity = Pair(request, real, tokenizer, result, progress, cancellationToken);
            IReadOnlyList<SiteFidelity> sites = FidelityEvaluator.OfSimulation(graph, Windows(request, tokenizer, checkpoint.Architecture), quantization.Target, progress, cancellationToken);
            return Judge(request, result with { Quality = new() { ArtifactSha256 = string.Empty, Perplexity = perplexity, Sites = [.. sites.Select(FidelityPoint.Of)] } });
        }

        using DecoderModel model = new(checkpoint.Architecture, WeightLoader.Load(checkpoint, progress, cancellationToken), ownsWeights: true);
        return Measure(request, EvaluationKind.Checkpoint, new FloatLanguageModel(NameOf(request), model), tokenizer, progress, cancellationToken);
    }

    private static EvaluationResult Measure(EvaluationRequest request, EvaluationKind kind, ILanguageModel model, TextTokenizer? tokenizer, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken) =>
        TextMeasurement.Run(MeasureOf(request), kind, model, request.ModelPath, tokenizer, progress, cancellationToken);

    private static TextMeasure MeasureOf(EvaluationRequest request) => new(request.Protocol, request.TextPath, request.Window, request.Limit);

    private static string NameOf(EvaluationRequest request) => Path.GetFileName(Path.TrimEndingDirectorySeparator(request.ModelPath));
}
