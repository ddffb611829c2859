using MobileQuant.Decoding;

namespace MobileQuant.Evaluation.Fidelity;

/// <summary>How far two models write the same text when each always takes its most probable token.</summary>
/// <param name="Prompts">Prompts that were continued.</param>
/// <param name="Tokens">Tokens that each was continued by.</param>
/// <param name="Equal">Prompts whose continuations are equal to the last token.</param>
/// <param name="ShortestEqual">Leading equal tokens of the pair that parts first.</param>
public sealed record GreedyAgreement(int Prompts, int Tokens, int Equal, int ShortestEqual)
{
    private const int MostTokens = 32;

    /// <summary>Continues prompts by one model, and asks the other at each token whether it would have written it too.</summary>
    /// <param name="prompts">[prompt][token]; each shorter than both contexts.</param>
    /// <param name="writer">Writes; reset for every prompt.</param>
    /// <param name="reader">Reads.</param>
    /// <param name="cancellationToken">Stops between prompts.</param>
    /// <returns>
    /// The agreement over 32 tokens, or as many as the context leaves behind the longest prompt. Up to the first token that the reader
    /// would not have written both saw the same text, so that it is where their own continuations part.
    /// </returns>
    public static GreedyAgreement Measure(IReadOnlyList<int[]> prompts, GenerationSession writer, ILanguageModel reader, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(reader);
        int tokens = prompts.Select(prompt => Math.Min(MostTokens, Math.Min(writer.ContextLength, reader.ContextLength) - prompt.Length)).DefaultIfEmpty(0).Min();
        int[] equal = [.. prompts.Select(prompt => LeadingEqual(prompt, tokens, writer, reader, cancellationToken))];
        return new(prompts.Count, tokens, equal.Count(count => count == tokens), equal.DefaultIfEmpty(0).Min());
    }

    private static int LeadingEqual(int[] prompt, int tokens, GenerationSession writer, ILanguageModel reader, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        List<int> ids = [.. prompt];
        writer.Reset();
        writer.Prefill(prompt, cancellationToken: cancellationToken);
        while (true)
        {
            ids.Add(Sampler.Greedy(writer.Logits));
            if (ids.Count == prompt.Length + tokens)
            {
                break;
            }

            writer.Decode(ids[^1]);
        }

        TokenScore[] scores = new TokenScore[tokens];
        reader.Score([.. ids], scores);
        return scores.TakeWhile(score => score.IsBest).Count();
    }
}
