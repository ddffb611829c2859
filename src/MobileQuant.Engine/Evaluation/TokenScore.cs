namespace MobileQuant.Evaluation;

/// <summary>What a model thought of the token that followed.</summary>
/// <param name="LogProbability">Natural logarithm of its probability.</param>
/// <param name="IsBest">Whether it was the most probable token.</param>
public readonly record struct TokenScore(double LogProbability, bool IsBest)
{
    /// <summary>From logits, in double.</summary>
    /// <param name="logits">One per token of the vocabulary.</param>
    /// <param name="token">The token that followed.</param>
    /// <returns>Its score; of equal logits the first is the best.</returns>
    public static TokenScore FromLogits(ReadOnlySpan<float> logits, int token)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - logits[best]);
        }

        return new(logits[token] - logits[best] - Math.Log(sum), best == token);
    }
}
