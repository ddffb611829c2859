using MobileQuant.Caching;
using MobileQuant.Checkpoints;
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
    /// <exception cref="MobileQuantException">MQ1003, MQ1009 to MQ1012: the request; MQ3020, MQ3021, MQ3040: the text; others: the model.</exception>
    public static EvaluationResult Run(EvaluationRequest request, IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        MeasureOf(request).Validate();
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
        return Measure(request, EvaluationKind.Artifact, new RuntimeLanguageModel(NameOf(request), session), model.Tokenizer, progress, cancellationToken);
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
            return Measure(request, EvaluationKind.Simulation, new FloatLanguageModel(NameOf(request), simulated, simulation), tokenizer, progress, cancellationToken);
        }

        using DecoderModel model = new(checkpoint.Architecture, WeightLoader.Load(checkpoint, progress, cancellationToken), ownsWeights: true);
        return Measure(request, EvaluationKind.Checkpoint, new FloatLanguageModel(NameOf(request), model), tokenizer, progress, cancellationToken);
    }

    private static EvaluationResult Measure(EvaluationRequest request, EvaluationKind kind, ILanguageModel model, TextTokenizer? tokenizer, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken) =>
        TextMeasurement.Run(MeasureOf(request), kind, model, request.ModelPath, tokenizer, progress, cancellationToken);

    private static TextMeasure MeasureOf(EvaluationRequest request) => new(request.Protocol, request.TextPath, request.Window, request.Limit);

    private static string NameOf(EvaluationRequest request) => Path.GetFileName(Path.TrimEndingDirectorySeparator(request.ModelPath));
}
