namespace MobileQuant.Evaluation;

/// <summary>A context and one of its answers as tokens.</summary>
/// <param name="Ids">All of them: at least one more than is scored.</param>
/// <param name="Scored">How many at the end are the answer's, 1 or more.</param>
public sealed record ChoiceTokens(int[] Ids, int Scored)
{
    /// <summary>
    /// Encodes both as one text, so that tokens across the border are as the model knows them; the tokens beyond as many as the
    /// context has alone are the answer's. A space is put between them where neither has white space there; white space at the end
    /// of the context counts as the answer's.
    /// </summary>
    /// <param name="context">May be empty.</param>
    /// <param name="choice">Not blank.</param>
    /// <param name="encode">Text to ids, without special tokens.</param>
    /// <param name="begin">The token to put before every text, or null.</param>
    /// <param name="prefix">The token that an answer without context is conditioned on where there is no <paramref name="begin"/>; null where the tokenizer has none.</param>
    /// <returns>The tokens.</returns>
    /// <exception cref="MobileQuantException">MQ1010: such a token is needed and there is none; MQ1012: the answer has no token.</exception>
    public static ChoiceTokens Encode(string context, string choice, Func<string, int[]> encode, int? begin, int? prefix)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(choice);
        ArgumentNullException.ThrowIfNull(encode);
        bool isJoined = context.Length == 0 || char.IsWhiteSpace(context[^1]) || char.IsWhiteSpace(choice[0]);
        int[] whole = encode(isJoined ? context + choice : $"{context} {choice}");
        if (whole.Length == 0)
        {
            throw new MobileQuantException("MQ1012", $"The choice '{choice}' has no token.", "Correct the choice.");
        }

        int before = Math.Min(encode(context.TrimEnd()).Length, whole.Length - 1);
        int? first = begin ?? (before > 0 ? null : prefix ?? throw new MobileQuantException(
            "MQ1010", "The tokenizer names no token that ends a text, which answers without context begin with.", "Name eos_token in tokenizer_config.json."));
        return new(first is { } id ? [id, .. whole] : whole, whole.Length - before);
    }
}
