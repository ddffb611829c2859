using MobileQuant.Evaluation.Comparison;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>A comparison as a table: the float model first, columns that say the same in every row left out.</summary>
internal sealed class ComparisonTable
{
    private readonly ComparisonResult _result;
    private readonly bool _showsRuntime;
    private readonly bool _showsErrors;
    private readonly List<(ReportColumn Column, Func<ComparisonRow, string> Cell, string FloatCell)> _columns = [];

    private ComparisonTable(ComparisonResult result)
    {
        _result = result;
        _showsRuntime = result.Rows.Any(row => row.Runtime is not null);
        _showsErrors = !result.IsComplete;
    }

    /// <summary>Makes the table.</summary>
    public static ReportTable Of(ComparisonResult result)
    {
        ComparisonTable table = new(result);
        table.AddColumns();
        return new(
            [.. table._columns.Select(column => column.Column)],
            [[.. table._columns.Select(column => column.FloatCell)], .. result.Rows.Select(row => (IReadOnlyList<string>)[.. table._columns.Select(column => column.Cell(row))])]);
    }

    /// <summary>What is the same in all rows, and what was measured, in one sentence.</summary>
    public static string Describe(ComparisonResult result)
    {
        List<string> parts = [$"{result.Model} ({result.Family}, {Figures.Count(result.Parameters)} parameters)", $"target {result.Target}"];
        AddShared(parts, result, row => row.Precision, value => value);
        AddShared(parts, result, row => row.Activations, value => $"{value} activations");
        AddShared(parts, result, row => row.Weights, value => $"{value} weights");
        parts.AddRange(result.Measures.Select(measure =>
            $"{measure.Protocol} on {measure.Tokens} tokens of {measure.Text}{(measure.Window is { } window ? $" in windows of {window}" : "")}"));
        return $"{string.Join(", ", parts)}.";
    }

    /// <summary>What rows that are compared with each other have in common.</summary>
    public static string GroupOf(ComparisonRow row) => $"{row.Precision}, {row.Activations} activations, {row.Weights} weights";

    private static void AddShared(List<string> parts, ComparisonResult result, Func<ComparisonRow, string> select, Func<string, string> say)
    {
        if (result.Rows.Select(select).Distinct().ToArray() is [var only])
        {
            parts.Add(say(only));
        }
    }

    private void AddColumns()
    {
        AddWhereDifferent("precision", row => row.Precision);
        AddWhereDifferent("activations", row => row.Activations);
        AddWhereDifferent("weights", row => row.Weights);
        Add("recipe", row => row.Recipe, "float");
        for (int i = 0; i < _result.FloatScores.Count; i++)
        {
            AddScore(i);
        }

        if (_result.Rows.Any(row => row.Greedy is not null))
        {
            AddNumber("same greedy text, simulation and integers", row => row.Greedy is { } greedy ? $"{greedy.Equal} of {greedy.Prompts}" : "");
        }

        AddNumber("quantize, min", row => Figures.Minutes(row.QuantizeMinutes));
        AddNumber("measure, min", row => Figures.Minutes(row.EvaluateMinutes));
        AddNumber("peak memory, GB", row => Figures.Gigabytes(row.PeakMemoryBytes));
        if (_showsRuntime)
        {
            AddNumber("artifact, MB", row => row.ArtifactBytes is { } bytes ? Figures.Megabytes(bytes) : "");
        }

        if (_showsErrors)
        {
            Add("error", row => row.Error?.Code ?? "", "");
        }
    }

    private void AddScore(int index)
    {
        ComparisonScore reference = _result.FloatScores[index];
        string where = _result.FloatScores.Select(score => score.Text).Distinct().Count() > 1 ? $" {reference.Text}" : "";
        string name = $"{MetricName(reference)}{where}{(reference.IsPerplexity ? "" : ", %")}";
        string difference = reference.IsPerplexity ? "over float, %" : "over float, points";
        string simulated = _showsRuntime ? ", simulation" : "";
        AddNumber($"{name}{simulated}", row => Value(row.Simulation, index), Value([.. _result.FloatScores], index));
        AddNumber(difference, row => Difference(row.Simulation, index));
        if (_showsRuntime)
        {
            AddNumber($"{name}, integers", row => Value(row.Runtime, index));
            AddNumber(difference, row => Difference(row.Runtime, index));
        }
    }

    /// <summary>A metric as people say it.</summary>
    public static string MetricName(ComparisonScore score) => score.Metric switch
    {
        "wordPerplexity" => "word perplexity",
        "normalizedAccuracy" => "accuracy per character",
        _ => score.Metric,
    };

    private static string Value(IReadOnlyList<ComparisonScore>? scores, int index) =>
        scores is null || index >= scores.Count ? "" : scores[index].IsPerplexity ? Figures.Perplexity(scores[index].Value) : Figures.Percent(scores[index].Value);

    private static string Difference(IReadOnlyList<ComparisonScore>? scores, int index) =>
        scores is null || index >= scores.Count || scores[index].OverFloat is not { } over ? "" : Figures.Difference(over);

    private void AddWhereDifferent(string header, Func<ComparisonRow, string> cell)
    {
        if (_result.Rows.Select(cell).Distinct().Count() > 1)
        {
            Add(header, cell, "");
        }
    }

    private void Add(string header, Func<ComparisonRow, string> cell, string floatCell) => _columns.Add((new(header), cell, floatCell));

    private void AddNumber(string header, Func<ComparisonRow, string> cell, string floatCell = "") => _columns.Add((new(header, IsNumber: true), cell, floatCell));
}
