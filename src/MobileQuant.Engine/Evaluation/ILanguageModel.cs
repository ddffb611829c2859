namespace MobileQuant.Evaluation;

/// <summary>Anything that predicts tokens: the float model, a simulation, or the integer runtime. Evaluations know nothing else.</summary>
public interface ILanguageModel
{
    /// <summary>A short name for reports.</summary>
    string Name { get; }

    /// <summary>Most positions that the model sees.</summary>
    int ContextLength { get; }

    /// <summary>Scores the last tokens of a sequence, each given all tokens before it.</summary>
    /// <param name="ids">
    /// At least one token more than <paramref name="scores"/> has elements, and at most one more than the context: the last one is
    /// only predicted.
    /// </param>
    /// <param name="scores">scores[^1] is about ids[^1] given ids[..^1], and so on backwards.</param>
    void Score(ReadOnlySpan<int> ids, Span<TokenScore> scores);
}
