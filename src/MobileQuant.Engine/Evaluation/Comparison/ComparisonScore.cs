using System.Text.Json.Serialization;

namespace MobileQuant.Evaluation.Comparison;

/// <summary>One figure of one model on one text.</summary>
/// <param name="Text">Name of the text's file.</param>
/// <param name="Metric">perplexity, wordPerplexity, accuracy or normalizedAccuracy.</param>
/// <param name="Value">The figure.</param>
/// <param name="OverFloat">
/// Of a perplexity: its increase over the float model's as a share of that. Of an accuracy: the difference to the float model's. Null
/// for the float model itself.
/// </param>
public sealed record ComparisonScore(string Text, string Metric, double Value, double? OverFloat = null)
{
    /// <summary>Whether smaller is better.</summary>
    [JsonIgnore]
    public bool IsPerplexity => Metric.EndsWith("erplexity", StringComparison.Ordinal);

    /// <summary>The figures of an evaluation.</summary>
    /// <param name="text">Name of the text's file.</param>
    /// <param name="result">What it found.</param>
    /// <param name="reference">The float model's figures on the same text, or null.</param>
    /// <returns>One or two figures; a protocol's main one first.</returns>
    public static IReadOnlyList<ComparisonScore> Of(string text, EvaluationResult result, IReadOnlyList<ComparisonScore>? reference = null)
    {
        ArgumentNullException.ThrowIfNull(result);
        (string Metric, double? Value)[] figures = result.WordPerplexity is not null
            ? [("wordPerplexity", result.WordPerplexity)]
            : [("perplexity", result.Perplexity), ("accuracy", result.Accuracy), ("normalizedAccuracy", result.NormalizedAccuracy)];
        return [.. figures.Where(figure => figure.Value is not null).Select(figure => new ComparisonScore(text, figure.Metric, figure.Value!.Value).Against(reference))];
    }

    private ComparisonScore Against(IReadOnlyList<ComparisonScore>? reference)
    {
        ComparisonScore? other = reference?.FirstOrDefault(score => score.Text == Text && score.Metric == Metric);
        return other is null ? this : this with { OverFloat = IsPerplexity ? (Value / other.Value) - 1 : Value - other.Value };
    }
}
