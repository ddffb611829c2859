using MobileQuant.Evaluation.Quality;
using MobileQuant.Evaluation.Reporting;

namespace MobileQuant.Tool.Output;

/// <summary>How good an artifact is, in <c>--json</c>: perplexities are null where no evaluation text was given.</summary>
internal sealed record QualityResult(
    double? FloatPerplexity,
    double? Perplexity,
    double? PerplexityIncrease,
    int? Window,
    long? Tokens,
    IReadOnlyList<FidelityPoint> Sites)
{
    /// <summary>The figures in this shape.</summary>
    public static QualityResult Of(QualityMeasurement quality) => new(
        quality.Perplexity?.Reference, quality.Perplexity?.Quantized, quality.Perplexity?.Increase, quality.Perplexity?.Window, quality.Perplexity?.Tokens, quality.Sites);
}
