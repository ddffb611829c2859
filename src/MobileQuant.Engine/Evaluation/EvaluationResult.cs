using MobileQuant.Evaluation.Quality;

namespace MobileQuant.Evaluation;

/// <summary>What an evaluation found; measures that the protocol does not have are null.</summary>
/// <param name="Kind">What computed.</param>
/// <param name="Tokens">Tokens that were scored.</param>
/// <param name="Window">Tokens per window.</param>
/// <param name="Perplexity">exp of the mean negative log-likelihood per token.</param>
/// <param name="WordPerplexity">The same per word.</param>
/// <param name="Accuracy">Share of last tokens that were the best guess, or of questions whose right answer was the likeliest.</param>
public sealed record EvaluationResult(EvaluationKind Kind, long Tokens, int? Window, double? Perplexity, double? WordPerplexity, double? Accuracy)
{
    /// <summary>Share of questions whose right answer was the likeliest per character.</summary>
    public double? NormalizedAccuracy { get; init; }

    /// <summary>Against the float model, where that was asked for.</summary>
    public QualityMeasurement? Quality { get; init; }

    /// <summary>Questions that were asked.</summary>
    public int? Questions { get; init; }
}
