using System.Text.Json.Serialization;
using MobileQuant.Evaluation.Comparison;
using MobileQuant.Quantization;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>
/// All that a report tells, as plain data: what report.json holds, and what the other forms are written from. File names, never
/// paths. Equal for equal inputs but for the figures that are times and memory. Parts that there is nothing to tell about are empty.
/// </summary>
public sealed record ReportModel
{
    /// <summary>One line, such as the model's name and what was made of it.</summary>
    public required string Title { get; init; }

    /// <summary>Facts in order.</summary>
    public required IReadOnlyList<ReportFact> Summary { get; init; }

    /// <summary>Settings as used, by name.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Recipes side by side; null where only one ran.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ComparisonResult? Comparison { get; init; }

    /// <summary>Signal to noise ratios, a series per recipe or pair of computations.</summary>
    public IReadOnlyList<FidelitySeries> Fidelity { get; init; } = [];

    /// <summary>Ranges and loudest channels of sites.</summary>
    public IReadOnlyList<ActivationProfile> Activations { get; init; } = [];

    /// <summary>Losses while learning, a curve per recipe.</summary>
    public IReadOnlyList<LearningCurve> Curves { get; init; } = [];

    /// <summary>What searches tried, in order.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>The report of a comparison.</summary>
    /// <param name="result">The comparison.</param>
    /// <returns>The report.</returns>
    public static ReportModel Of(ComparisonResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        string[] recipes = [.. result.Rows.Select(row => row.Recipe).Distinct()];
        return new()
        {
            Title = recipes.Length == 1 ? $"{result.Model}: {recipes[0]}" : $"{result.Model}: {recipes.Length} recipes compared",
            Summary =
            [
                new("model", result.Model),
                new("family", result.Family),
                new("parameters", Figures.Count(result.Parameters)),
                new("target", result.Target),
                .. result.Measures.Select(measure => new ReportFact("measured", $"{measure.Protocol}, {measure.Tokens} tokens of {measure.Text}")),
                .. result.FloatScores.Select(score => new ReportFact($"float, {ComparisonTable.MetricName(score)}", score.IsPerplexity ? Figures.Perplexity(score.Value) : $"{Figures.Percent(score.Value)} %")),
            ],
            Comparison = result,
            Fidelity = [.. result.Rows.Where(row => row.Fidelity.Count > 0).Select(row => new FidelitySeries(ComparisonTable.GroupOf(row), row.Recipe, row.Fidelity))],
            Curves = [.. result.Rows.Where(row => row.Curve.Count > 0).Select(row => new LearningCurve(ComparisonTable.GroupOf(row), row.Recipe, row.SkippedSteps, row.Curve))],
        };
    }
}
