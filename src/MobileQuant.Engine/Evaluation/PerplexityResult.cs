namespace MobileQuant.Evaluation;

/// <summary>Perplexity of a text.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Text">The text's name.</param>
/// <param name="Window">Tokens per window.</param>
/// <param name="Tokens">Tokens that were scored.</param>
/// <param name="Perplexity">exp of the mean negative log-likelihood.</param>
public sealed record PerplexityResult(string Model, string Text, int Window, long Tokens, double Perplexity);
