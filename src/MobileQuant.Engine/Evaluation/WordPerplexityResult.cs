namespace MobileQuant.Evaluation;

/// <summary>Word perplexity by the document-level WikiText protocol.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Text">The text's name.</param>
/// <param name="Pages">Pages of the text.</param>
/// <param name="Window">Most tokens of a window.</param>
/// <param name="Words">Words of the raw pages.</param>
/// <param name="Tokens">Tokens that were scored.</param>
/// <param name="Perplexity">exp of the mean negative log-likelihood per token.</param>
/// <param name="WordPerplexity">exp of the negative log-likelihood per word.</param>
public sealed record WordPerplexityResult(string Model, string Text, int Pages, int Window, long Words, long Tokens, double Perplexity, double WordPerplexity);
