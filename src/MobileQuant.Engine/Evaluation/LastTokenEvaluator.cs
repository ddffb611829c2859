namespace MobileQuant.Evaluation;

/// <summary>Accuracy of the last token of each line (LAMBADA as method papers for devices report it): its argmax given the rest.</summary>
public static class LastTokenEvaluator
{
    /// <summary>Evaluates lines.</summary>
    /// <param name="model">The model.</param>
    /// <param name="text">The text's name, for the result.</param>
    /// <param name="lines">Encoded lines, of two tokens or more; the end of one that is longer than the context is used.</param>
    /// <param name="progress">Told in lines, as step <c>evaluate</c>.</param>
    /// <param name="cancellationToken">Stops between lines.</param>
    /// <returns>The result.</returns>
    /// <exception cref="MobileQuantException">MQ3020: no line can be scored.</exception>
    public static LastTokenResult Evaluate(
        ILanguageModel model,
        string text,
        IReadOnlyList<int[]> lines,
        IProgress<QuantizationEvent>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(lines);
        TokenScore[] score = new TokenScore[1];
        int right = 0;
        int scored = 0;
        for (int i = 0; i < lines.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (lines[i].Length >= 2)
            {
                ReadOnlySpan<int> ids = lines[i].AsSpan(Math.Max(0, lines[i].Length - model.ContextLength));
                model.Score(ids, score);
                right += score[0].IsBest ? 1 : 0;
                scored++;
            }

            progress?.Report(new QuantizationEvent.Progress("evaluate", $"last tokens of {text}", i + 1, lines.Count));
        }

        return scored > 0
            ? new(model.Name, text, scored, (double)right / scored)
            : throw new MobileQuantException("MQ3020", $"{text} has no line of two tokens or more.", "Use a .jsonl file with a field 'text'.");
    }
}
