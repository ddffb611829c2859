namespace MobileQuant.Evaluation;

/// <summary>The integer runtime as something to evaluate: probabilities in double, from its integer logits.</summary>
public sealed class IntegerLanguageModel : ILanguageModel, IDisposable
{
    private readonly GenerationSession _session;

    /// <summary>Starts a session of its own.</summary>
    /// <param name="name">A short name for reports.</param>
    /// <param name="model">The model; not owned.</param>
    /// <param name="options">Threads and kernel; null: all cores, the best kernel.</param>
    public IntegerLanguageModel(string name, QuantizedModel model, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        Name = name;
        _session = model.CreateSession(options);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int ContextLength => _session.ContextLength;

    /// <inheritdoc/>
    public void Score(ReadOnlySpan<int> ids, Span<TokenScore> scores)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(scores.Length, ids.Length);
        int first = ids.Length - 1 - scores.Length;
        int[] targets = ids[1..].ToArray();
        TokenScore[] all = new TokenScore[scores.Length];
        _session.Reset();
        _session.Prefill(ids[..^1], (position, logits) =>
        {
            if (position >= first)
            {
                all[position - first] = ScoreOf(logits, targets[position]);
            }
        });
        all.CopyTo(scores);
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private static TokenScore ScoreOf(ReadOnlySpan<int> logits, int token)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        double unit = Math.ScaleB(1, -GenerationSession.LogitFractionBits);
        double sum = 0;
        foreach (int logit in logits)
        {
            sum += Math.Exp(((long)logit - logits[best]) * unit);
        }

        return new((((long)logits[token] - logits[best]) * unit) - Math.Log(sum), best == token);
    }
}
