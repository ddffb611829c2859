namespace MobileQuant.Evaluation;

/// <summary>
/// Word perplexity of WikiText at document level, as the Language Model Evaluation Harness measures it: each page is detokenized
/// and scored in windows of at most the context, without overlap; the first token is conditioned on the token that ends a text,
/// a begin token is never added, and the sum is divided by the number of words of the raw pages.
/// </summary>
public static class WikitextEvaluator
{
    /// <summary>Evaluates a raw WikiText file.</summary>
    /// <param name="model">The model.</param>
    /// <param name="text">The text's name, for the result.</param>
    /// <param name="raw">The file's content.</param>
    /// <param name="encode">Text to ids, without special tokens.</param>
    /// <param name="prefix">The token that the first token of a page is conditioned on: the one that ends a text.</param>
    /// <param name="window">Most tokens of a window, 1 or more; null: the context.</param>
    /// <param name="limit">Most pages; null: all.</param>
    /// <param name="progress">Told in pages, as step <c>evaluate</c>.</param>
    /// <param name="cancellationToken">Stops between windows.</param>
    /// <returns>The result.</returns>
    /// <exception cref="MobileQuantException">MQ3020: there is no page; MQ3021: the window does not fit.</exception>
    public static WordPerplexityResult Evaluate(
        ILanguageModel model,
        string text,
        string raw,
        Func<string, int[]> encode,
        int prefix,
        int? window = null,
        int? limit = null,
        IProgress<QuantizationEvent>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(encode);
        string[] pages = [.. WikitextPages.Split(raw).Take(limit ?? int.MaxValue)];
        if (pages.Length == 0)
        {
            throw new MobileQuantException("MQ3020", $"{text} has no page.", "Use the raw WikiText file, with its title lines.");
        }

        int context = window ?? model.ContextLength;
        if (context < 1 || context > model.ContextLength)
        {
            throw new MobileQuantException("MQ3021", $"A window of {context} tokens does not fit: {model.Name} takes 1 to {model.ContextLength}.", "Give another window (--window), or leave it out.");
        }

        double sum = 0;
        long words = 0;
        long tokens = 0;
        for (int i = 0; i < pages.Length; i++)
        {
            int[] ids = encode(WikitextPages.Detokenize(pages[i]));
            words += WikitextPages.CountWords(pages[i]);
            tokens += ids.Length;
            sum += ScorePage(model, [prefix, .. ids], context, cancellationToken);
            progress?.Report(new QuantizationEvent.Progress("evaluate", $"word perplexity of {text}", i + 1, pages.Length));
        }

        return new(model.Name, text, pages.Length, context, words, tokens, Math.Exp(-sum / tokens), Math.Exp(-sum / words));
    }

    /// <summary>Windows of a page: each scores up to <paramref name="context"/> new tokens from one token before them, the last one too.</summary>
    private static double ScorePage(ILanguageModel model, ReadOnlySpan<int> ids, int context, CancellationToken cancellationToken)
    {
        double sum = 0;
        TokenScore[] scores = new TokenScore[context];
        for (int done = 1; done < ids.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(context, ids.Length - done);
            Span<TokenScore> window = scores.AsSpan(0, count);
            model.Score(ids[(done - 1)..(done + count)], window);
            foreach (TokenScore score in window)
            {
                sum += score.LogProbability;
            }

            done += count;
        }

        return sum;
    }
}
