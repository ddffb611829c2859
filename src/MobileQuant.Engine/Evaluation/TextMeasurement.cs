using System.Text.Json;
using MobileQuant.Text;
using MobileQuant.Torch;

namespace MobileQuant.Evaluation;

/// <summary>Reads a text, encodes it for a model and measures the model on it.</summary>
internal static class TextMeasurement
{
    /// <summary>Measures.</summary>
    /// <param name="measure">What, on which text.</param>
    /// <param name="kind">What computes.</param>
    /// <param name="model">The model.</param>
    /// <param name="modelPath">Where it is, for errors.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="progress">Told as step <c>evaluate</c>; may be null.</param>
    /// <param name="cancellationToken">Stops between windows.</param>
    /// <exception cref="MobileQuantException">MQ1010, MQ1012, MQ3020, MQ3021, MQ3040: the tokenizer or the text.</exception>
    public static EvaluationResult Run(
        TextMeasure measure, EvaluationKind kind, ILanguageModel model, string modelPath, TextTokenizer? tokenizer, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        if (tokenizer is null)
        {
            throw new MobileQuantException("MQ1010", $"{modelPath} has no tokenizer, which evaluating a text needs.", "Put tokenizer.json beside the weights.");
        }

        using IDisposable? memory = kind == EvaluationKind.Artifact ? null : NativeMemory.KeepFreed();
        string name = Path.GetFileName(measure.TextPath);
        switch (measure.Protocol)
        {
            case EvaluationProtocol.Wikitext:
                int prefix = tokenizer.EndOfTextId ?? tokenizer.BeginOfTextId
                    ?? throw new MobileQuantException("MQ1010", $"{modelPath}: the tokenizer names no token that ends a text, which the protocol wikitext begins with.", "Name eos_token in tokenizer_config.json.");
                WordPerplexityResult words = WikitextEvaluator.Evaluate(model, name, File.ReadAllText(measure.TextPath), text => tokenizer.Encode(text, addSpecialTokens: false), prefix, measure.Window, measure.Limit, progress, cancellationToken);
                return new(kind, words.Tokens, words.Window, words.Perplexity, words.WordPerplexity, null);
            case EvaluationProtocol.Lambada:
                int[][] lines = [.. ReadLines(measure.TextPath).Take(measure.Limit ?? int.MaxValue).Select(line => tokenizer.Encode(line))];
                LastTokenResult last = LastTokenEvaluator.Evaluate(model, name, lines, progress, cancellationToken);
                return new(kind, last.Tokens, null, null, null, last.Accuracy);
            case EvaluationProtocol.Choice:
                IReadOnlyList<ChoiceQuestion> questions = ChoiceFile.Read(measure.TextPath, measure.Limit);
                ChoiceResult choice = ChoiceEvaluator.Evaluate(model, name, questions, ChoiceEvaluator.EncodeWith(tokenizer), progress, cancellationToken);
                return new(kind, choice.Tokens, null, null, null, choice.Accuracy) { NormalizedAccuracy = choice.NormalizedAccuracy, Questions = choice.Questions };
            default:
                PerplexityResult perplexity = PerplexityEvaluator.Evaluate(model, name, tokenizer.Encode(File.ReadAllText(measure.TextPath)), measure.Window, measure.Limit, progress, cancellationToken);
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
}
