using System.Runtime.Intrinsics;

namespace MobileQuant.Evaluation;

/// <summary>The integer runtime as something to evaluate. Logits are integers; only the score of a token is real.</summary>
/// <param name="name">A short name for reports.</param>
/// <param name="session">The session to run in; reset for every sequence, not owned.</param>
public sealed class RuntimeLanguageModel(string name, GenerationSession session) : ILanguageModel
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public int ContextLength => session.ContextLength;

    /// <inheritdoc/>
    public void Score(ReadOnlySpan<int> ids, Span<TokenScore> scores)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(scores.Length, ids.Length);
        int first = ids.Length - 1 - scores.Length;
        session.Reset();
        if (first > 0)
        {
            session.Prefill(ids[..first]);
        }

        // A delegate cannot hold spans: the scores pass through an array.
        int[] targets = ids[(first + 1)..].ToArray();
        TokenScore[] results = new TokenScore[scores.Length];
        session.Prefill(ids[first..^1], (position, logits) => results[position - first] = ScoreOf(logits, targets[position - first]));
        results.CopyTo(scores);
    }

    /// <summary>The score of a token from integer logits.</summary>
    /// <param name="logits">[vocabulary], s32 with 16 fraction bits.</param>
    /// <param name="token">The token that followed.</param>
    /// <returns>Its score; of equal logits the first is the best.</returns>
    internal static TokenScore ScoreOf(ReadOnlySpan<int> logits, int token)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        double scale = Math.ScaleB(1, -GenerationSession.LogitFractionBits);
        Vector256<double> sums = default;
        int at = 0;
        for (; at + Vector256<double>.Count <= logits.Length; at += Vector256<double>.Count)
        {
            Vector256<double> values = Vector256.Create((double)logits[at], logits[at + 1], logits[at + 2], logits[at + 3]);
            sums += Vector256.Exp((values - Vector256.Create((double)logits[best])) * scale);
        }

        double sum = Vector256.Sum(sums);
        for (; at < logits.Length; at++)
        {
            sum += Math.Exp(((double)logits[at] - logits[best]) * scale);
        }

        return new((((double)logits[token] - logits[best]) * scale) - Math.Log(sum), best == token);
    }
}
