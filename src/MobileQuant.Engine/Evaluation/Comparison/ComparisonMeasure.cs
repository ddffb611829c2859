namespace MobileQuant.Evaluation.Comparison;

/// <summary>What was measured on which text.</summary>
/// <param name="Protocol">perplexity, wikitext, lambada or choice.</param>
/// <param name="Text">Name of the text's file.</param>
/// <param name="Window">Tokens per window, or null.</param>
/// <param name="Limit">Most windows, pages, lines or questions, or null.</param>
/// <param name="Tokens">Tokens that were scored.</param>
public sealed record ComparisonMeasure(string Protocol, string Text, int? Window, int? Limit, long Tokens);
