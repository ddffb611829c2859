using System.Text.Json;
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
    /// <exception cref="MobileQuantException">MQ1009 to MQ1012: the request; MQ3020, MQ3021: the text; others: the model.</exception>
    public static EvaluationResult Run(EvaluationRequest request, IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Limit is < 1)
        {
            throw new MobileQuantException("MQ1003", $"The limit is {request.Limit}; expected 1 or more.", "Leave it out to use the whole text.");
        }

        if (!File.Exists(request.TextPath))
        {
            throw new MobileQuantException("MQ1009", $"The text {request.TextPath} does not exist.", "Correct the path.");
        }

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

    private static EvaluationResult Measure(EvaluationRequest request, EvaluationKind kind, ILanguageModel model, TextTokenizer? tokenizer, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        if (tokenizer is null)
        {
            throw new MobileQuantException("MQ1010", $"{request.ModelPath} has no tokenizer, which evaluating a text needs.", "Put tokenizer.json beside the weights.");
        }

        string name = Path.GetFileName(request.TextPath);
        switch (request.Protocol)
        {
            case EvaluationProtocol.Wikitext:
                int prefix = tokenizer.EndOfTextId ?? tokenizer.BeginOfTextId
                    ?? throw new MobileQuantException("MQ1010", $"{request.ModelPath}: the tokenizer names no token that ends a text, which the protocol wikitext begins with.", "Name eos_token in tokenizer_config.json.");
                WordPerplexityResult words = WikitextEvaluator.Evaluate(model, name, File.ReadAllText(request.TextPath), text => tokenizer.Encode(text, addSpecialTokens: false), prefix, request.Limit, progress, cancellationToken);
                return new(kind, words.Tokens, null, words.Perplexity, words.WordPerplexity, null);
            case EvaluationProtocol.Lambada:
                int[][] lines = [.. ReadLines(request.TextPath).Take(request.Limit ?? int.MaxValue).Select(line => tokenizer.Encode(line))];
                LastTokenResult last = LastTokenEvaluator.Evaluate(model, name, lines, progress, cancellationToken);
                return new(kind, last.Tokens, null, null, null, last.Accuracy);
            default:
                PerplexityResult perplexity = PerplexityEvaluator.Evaluate(model, name, tokenizer.Encode(File.ReadAllText(request.TextPath)), request.Window, request.Limit, progress, cancellationToken);
                return new(kind, perplexity.Tokens, perplexity.Window, perplexity.Perplexity, null, null);
        }
    }

    private static IEnumerable<string> ReadLines(string path)
    {
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return ReadText(path, number, line);
            }
        }
    }

    private static string ReadText(string path, int number, string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.GetProperty("text").GetString()!;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new MobileQuantException("MQ1012", $"{path}({number}): expected a JSON object with a string 'text'.", "The protocol lambada reads a .jsonl file.", e);
        }
    }

    private static string NameOf(EvaluationRequest request) => Path.GetFileName(Path.TrimEndingDirectorySeparator(request.ModelPath));
}
