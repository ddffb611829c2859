using MobileQuant.Evaluation.Comparison;

namespace MobileQuant.Evaluation.Reporting.Charts;

/// <summary>What recipes lose against the float model: a chart per figure, a line per row.</summary>
internal static class ComparisonCharts
{
    private const double Width = 800;
    private const double Left = 290;
    private const double Right = 96;
    private const double Top = 62;
    private const double RowHeight = 24;
    private const double GroupHeight = 30;
    private const double Bottom = 52;

    /// <summary>Differences smaller than this lie on the left edge: a hundredth of a percent.</summary>
    private const double Floor = 1e-4;

    /// <summary>Draws the charts.</summary>
    public static IReadOnlyList<string> Of(ComparisonResult result) =>
        [.. result.FloatScores.Select((score, index) => Draw(result, score, index)).OfType<string>()];

    private static string? Draw(ComparisonResult result, ComparisonScore reference, int index)
    {
        (string Name, (string Name, double? Simulation, double? Runtime)[] Rows)[] groups =
        [
            .. result.Rows.GroupBy(row => $"{row.Precision}, {row.Activations} activations, {row.Weights} weights")
                .Select(group => (group.Key, group.Select(row => (row.Recipe, Loss(row.Simulation, index), Loss(row.Runtime, index))).ToArray())),
        ];
        double[] values = [.. groups.SelectMany(group => group.Rows).SelectMany(row => (double?[])[row.Simulation, row.Runtime]).OfType<double>().Where(double.IsFinite)];
        if (values.Length == 0)
        {
            return null;
        }

        bool hasRuntime = result.Rows.Any(row => row.Runtime is not null);
        double bottom = Top + (groups.Length * GroupHeight) + (groups.Sum(group => group.Rows.Length) * RowHeight);
        string metric = $"{ComparisonTable.MetricName(reference)} on {reference.Text}";
        string title = reference.IsPerplexity ? $"Increase of {metric} over float" : $"Loss of {metric} against float";
        SvgDrawing drawing = new(title, $"In percent, on a logarithmic scale, float {Figures.Significant(reference.Value, 5)}. The table below has the figures.", Width, bottom + Bottom);
        drawing.Text("chart-title", 8, 22, SafeText.Shortened(title, 88));
        DrawLegend(drawing, hasRuntime);
        ChartAxis axis = ChartAxis.Logarithmic([Floor * 100, .. values.Select(value => Math.Max(value, Floor) * 100)], Left, Width - Right);
        foreach (double tick in axis.Ticks)
        {
            drawing.Line("grid", axis.Map(tick), Top, axis.Map(tick), bottom);
            drawing.Text("tick", axis.Map(tick), bottom + 18, tick < 1e5 ? tick.ToString("0.####", System.Globalization.CultureInfo.InvariantCulture) : Figures.Significant(tick, 1), "middle");
        }

        drawing.Text("label", (Left + Width - Right) / 2, bottom + 40, reference.IsPerplexity ? "increase, %" : "loss, points", "middle");
        double y = Top;
        foreach ((string name, (string Name, double? Simulation, double? Runtime)[] rows) in groups)
        {
            drawing.Text("group", 8, y + 20, name);
            y += GroupHeight;
            foreach ((string recipe, double? simulation, double? runtime) in rows)
            {
                DrawRow(drawing, axis, y + (RowHeight / 2), recipe, simulation, runtime);
                y += RowHeight;
            }
        }

        return drawing.ToSvg("chart");
    }

    private static void DrawLegend(SvgDrawing drawing, bool hasRuntime)
    {
        drawing.Circle("dot c0", 14, 40, 5);
        drawing.Text("legend", 26, 44, "simulation");
        if (hasRuntime)
        {
            drawing.Circle("ring c1", 120, 40, 7);
            drawing.Text("legend", 134, 44, "integer runtime");
        }
    }

    private static void DrawRow(SvgDrawing drawing, ChartAxis axis, double y, string recipe, double? simulation, double? runtime)
    {
        drawing.Text("name", Left - 16, y + 4, SafeText.Shortened(recipe, 36), "end");
        drawing.Line("stem", Left, y, Width - Right, y);
        if (Position(axis, simulation) is { } at)
        {
            drawing.Line("bar c0", Left, y, at, y);
            drawing.Circle("dot c0", at, y, 5, $"{recipe}, simulation: {Figures.Difference(simulation!.Value)} %");
        }

        if (Position(axis, runtime) is { } ring)
        {
            drawing.Circle("ring c1", ring, y, 7, $"{recipe}, integer runtime: {Figures.Difference(runtime!.Value)} %");
        }

        drawing.Text("value", Width - 8, y + 4, simulation is { } value ? Figures.Difference(value) : "failed", "end");
    }

    private static double? Position(ChartAxis axis, double? value) => value is not { } share || double.IsNaN(share) ? null
        : axis.Map(double.IsPositiveInfinity(share) ? double.MaxValue : Math.Max(share, Floor) * 100);

    /// <summary>What was lost: an increase of a perplexity, a decrease of an accuracy.</summary>
    private static double? Loss(IReadOnlyList<ComparisonScore>? scores, int index) =>
        scores is null || index >= scores.Count || scores[index].OverFloat is not { } over ? null : scores[index].IsPerplexity ? over : -over;
}
