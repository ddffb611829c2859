namespace MobileQuant.Evaluation;

/// <summary>
/// Perplexity over windows without overlap: the ids of the whole text are cut into windows of N (the rest is dropped), positions
/// 1 to N-1 of each are scored from that window alone.
/// </summary>
public static class PerplexityEvaluator
{
    /// <summary>The window that is used unless asked otherwise.</summary>
    public const int DefaultWindow = 512;

    /// <summary>Evaluates a text.</summary>
    /// <param name="model">The model.</param>
    /// <param name="text">The text's name, for the result.</param>
    /// <param name="ids">The whole text encoded once, begin token included where the tokenizer adds it.</param>
    /// <param name="window">Tokens per window, at most the context; null: 512 or the context if shorter.</param>
    /// <param name="limit">Most windows; null: all.</param>
    /// <param name="progress">Told in windows, as step <c>evaluate</c>.</param>
    /// <param name="cancellationToken">Stops between windows.</param>
    /// <returns>The result.</returns>
    /// <exception cref="MobileQuantException">MQ3020: the text is shorter than a window; MQ3021: the window does not fit the context.</exception>
    public static PerplexityResult Evaluate(
        ILanguageModel model,
        string text,
        ReadOnlySpan<int> ids,
        int? window = null,
        int? limit = null,
        IProgress<QuantizationEvent>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        int size = window ?? Math.Min(DefaultWindow, model.ContextLength);
        if (size < 2 || size > model.ContextLength)
        {
            throw new MobileQuantException("MQ3021", $"A window of {size} tokens does not fit {model.Name}, whose context is {model.ContextLength}.", $"Use a window from 2 to {model.ContextLength}.");
        }

        int windows = Math.Min(ids.Length / size, limit ?? int.MaxValue);
        if (windows == 0)
        {
            throw new MobileQuantException("MQ3020", $"{text} has {ids.Length} tokens, less than one window of {size}.", "Use a longer text or a shorter window.");
        }

        TokenScore[] scores = new TokenScore[size - 1];
        double sum = 0;
        for (int i = 0; i < windows; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            model.Score(ids.Slice(i * size, size), scores);
            foreach (TokenScore score in scores)
            {
                sum += score.LogProbability;
            }

            progress?.Report(new QuantizationEvent.Progress("evaluate", $"perplexity of {text}", i + 1, windows));
        }

        long tokens = (long)windows * (size - 1);
        return new(model.Name, text, size, tokens, Math.Exp(-sum / tokens));
    }
}
