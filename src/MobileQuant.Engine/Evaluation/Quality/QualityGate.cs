using System.Globalization;
using MobileQuant.Evaluation.Reporting;

namespace MobileQuant.Evaluation.Quality;

/// <summary>Compares figures with limits. What fails is told with the sites that lose most and with what could be changed.</summary>
internal static class QualityGate
{
    private const int MostListed = 10;

    /// <summary>Judges an artifact.</summary>
    /// <param name="request">Its limits, and what suggestions start from.</param>
    /// <param name="measurement">Its figures.</param>
    /// <returns>MQ3060: perplexity; MQ3061: a site; MQ3062: the float model has no perplexity to compare with. Null when it passes.</returns>
    public static MobileQuantException? Judge(QuantizationRequest request, QualityMeasurement measurement) => Judge(
        Path.GetFileName(request.CheckpointPath), request.EvaluationText, request.Limits, measurement, () => QualitySuggestions.Text(request, measurement));

    /// <summary>Judges figures.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="text">The evaluation text; null where there is none.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="measurement">The figures.</param>
    /// <param name="remedy">What to do where they fail.</param>
    /// <returns>As the other.</returns>
    public static MobileQuantException? Judge(string model, string? text, QualityLimits limits, QualityMeasurement measurement, Func<string> remedy)
    {
        string? perplexity = JudgePerplexity(text, limits.MaxPerplexityIncrease, measurement);
        string? sites = JudgeSites(limits.MinSqnr, measurement);
        if (perplexity is null && sites is null)
        {
            return null;
        }

        if (measurement.Perplexity is { } pair && perplexity is not null && !double.IsFinite(pair.Reference))
        {
            return new(
                "MQ3062",
                $"{model}: the quality gate cannot judge the perplexity: that of the float model on {Path.GetFileName(text)} is {Figures.Perplexity(pair.Reference)}.",
                "Check the checkpoint, and that the text is of a kind that the model knows.");
        }

        string reasons = string.Join(" ", ((string?[])[perplexity, sites]).Where(reason => reason is not null));
        return new(perplexity is null ? "MQ3061" : "MQ3060", $"{model} fails the quality gate: {reasons}\nThe worst sites: {WorstSites(measurement)}.", remedy());
    }

    /// <summary>One line that tells the figures, for people.</summary>
    /// <param name="request">Its limits.</param>
    /// <param name="measurement">The figures.</param>
    public static string Summarize(QuantizationRequest request, QualityMeasurement measurement)
    {
        List<string> parts = [];
        if (measurement.Perplexity is { } pair)
        {
            string allowed = request.Limits.MaxPerplexityIncrease is { } limit ? $", {Percent(limit)} allowed" : "";
            parts.Add(FormattableString.Invariant($"perplexity {Figures.Perplexity(pair.Quantized)} against {Figures.Perplexity(pair.Reference)} in float ({Figures.Difference(pair.Increase)} %{allowed}, {pair.Tokens} tokens)"));
        }

        if (measurement.WorstSites.FirstOrDefault() is { } worst)
        {
            string required = request.Limits.MinSqnr is { } least ? FormattableString.Invariant($", {least} required") : "";
            parts.Add($"worst site {worst.Site} {Figures.Decibels(worst.Decibels)} dB{required}");
        }

        return $"quality: {string.Join("; ", parts)}";
    }

    private static string? JudgePerplexity(string? text, double? most, QualityMeasurement measurement) =>
        most is { } limit && measurement.Perplexity is { } pair && !(pair.Increase <= limit)
            ? FormattableString.Invariant(
                $"its perplexity is {Figures.Perplexity(pair.Quantized)} against {Figures.Perplexity(pair.Reference)} in float, {Figures.Difference(pair.Increase)} % where at most {Percent(limit)} is allowed ({pair.Tokens} tokens of {Path.GetFileName(text)}).")
            : null;

    private static string? JudgeSites(double? least, QualityMeasurement measurement)
    {
        int below = measurement.Sites.Count(site => !(site.Decibels >= least));
        return least is null || below == 0
            ? null
            : FormattableString.Invariant($"{below} of {measurement.Sites.Count} sites {(below == 1 ? "has" : "have")} less than the {least} dB of signal to noise that each must have.");
    }

    private static string WorstSites(QualityMeasurement measurement) =>
        string.Join(", ", measurement.WorstSites.Take(MostListed).Select(site => $"{site.Site} {Figures.Decibels(site.Decibels)} dB"));

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.####} %");
}
