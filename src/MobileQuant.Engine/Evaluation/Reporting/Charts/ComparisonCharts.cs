using MobileQuant.Evaluation.Comparison;

namespace MobileQuant.Evaluation.Reporting.Charts;

/// <summary>
/// Recipes side by side, a chart per figure and a line per row: of perplexities what they rise over float, on a logarithmic scale; of
/// accuracies themselves, with float as a mark.
/// </summary>
internal static class ComparisonCharts
{
    private const double Width = 640;
    private const double Left = 190;
    private const double Right = 84;
    private const double Top = 62;
    private const double RowHeight = 24;
    private const double GroupHeight = 30;
    private const double Bottom = 52;

    /// <summary>Rises smaller than this, a hundredth of a percent, lie on the left edge.</summary>
    private const double Floor = 0.01;

    /// <summary>Draws the charts.</summary>
    public static IReadOnlyList<string> Of(ComparisonResult result) =>
        [.. result.FloatScores.Select((score, index) => Draw(result, score, index)).OfType<string>()];

    private static string? Draw(ComparisonResult result, ComparisonScore reference, int index)
    {
        (string Name, RecipeMark[] Marks)[] groups =
        [
            .. result.Rows.GroupBy(ComparisonTable.GroupOf)
                .Select(group => (group.Key, group.Select(row => new RecipeMark(row.Recipe, Position(row.Simulation, index), Position(row.Runtime, index))).ToArray())),
        ];
        double[] values = [.. groups.SelectMany(group => group.Marks).SelectMany(mark => (double?[])[mark.Simulation, mark.Runtime]).OfType<double>().Where(double.IsFinite)];
        if (values.Length == 0)
        {
            return null;
        }

        string metric = $"{ComparisonTable.MetricName(reference)} on {reference.Text}";
        string title = reference.IsPerplexity ? $"Increase of {metric} over float" : $"{char.ToUpperInvariant(metric[0])}{metric[1..]}";
        double bottom = Top + (groups.Length * GroupHeight) + (groups.Sum(group => group.Marks.Length) * RowHeight);
        ChartAxis axis = reference.IsPerplexity
            ? ChartAxis.Logarithmic([Floor, .. values.Select(value => Math.Max(value, Floor))], Left, Width - Right)
            : ChartAxis.Linear([.. values, reference.Value * 100], Left, Width - Right, 5);
        SvgDrawing drawing = new(title, "In percent. The table below has the figures.", Width, bottom + Bottom);
        drawing.Text("chart-title", 8, 22, SafeText.Shortened(title, 70));
        DrawLegend(drawing, result.Rows.Any(row => row.Runtime is not null));
        DrawAxis(drawing, axis, reference, bottom);
        double y = Top;
        foreach ((string name, RecipeMark[] marks) in groups)
        {
            drawing.Text("group", 8, y + 20, name);
            y += GroupHeight;
            foreach (RecipeMark mark in marks)
            {
                DrawRow(drawing, axis, y + (RowHeight / 2), mark, reference);
                y += RowHeight;
            }
        }

        return drawing.ToSvg("chart");
    }

    private static void DrawAxis(SvgDrawing drawing, ChartAxis axis, ComparisonScore reference, double bottom)
    {
        foreach (double tick in axis.Ticks)
        {
            drawing.Line("grid", axis.Map(tick), Top, axis.Map(tick), bottom);
            drawing.Text("tick", axis.Map(tick), bottom + 18, ChartLabel.Of(tick), "middle");
        }

        drawing.Text("label", (Left + Width - Right) / 2, bottom + 40, reference.IsPerplexity ? "increase, %" : "right, %", "middle");
        if (!reference.IsPerplexity)
        {
            double at = axis.Map(reference.Value * 100);
            drawing.Line("axis", at, Top, at, bottom);
            drawing.Text("tick", at, Top - 4, "float", "middle");
        }
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

    private static void DrawRow(SvgDrawing drawing, ChartAxis axis, double y, RecipeMark mark, ComparisonScore reference)
    {
        drawing.Text("name", Left - 16, y + 4, SafeText.Shortened(mark.Recipe, 24), "end");
        drawing.Line("stem", Left, y, Width - Right, y);
        if (Pixel(axis, mark.Simulation) is { } at)
        {
            drawing.Line("bar c0", reference.IsPerplexity ? Left : axis.Map(reference.Value * 100), y, at, y);
            drawing.Circle("dot c0", at, y, 5, $"{mark.Recipe}, simulation: {Text(mark.Simulation!.Value, reference)}");
        }

        if (Pixel(axis, mark.Runtime) is { } ring)
        {
            drawing.Circle("ring c1", ring, y, 7, $"{mark.Recipe}, integer runtime: {Text(mark.Runtime!.Value, reference)}");
        }

        drawing.Text("value", Width - 8, y + 4, mark.Simulation is { } value ? Text(value, reference) : "failed", "end");
    }

    private static string Text(double percent, ComparisonScore reference) =>
        $"{(reference.IsPerplexity ? Figures.Difference(percent / 100) : Figures.Percent(percent / 100))} %";

    private static double? Pixel(ChartAxis axis, double? value) => value is not { } percent || double.IsNaN(percent) ? null : axis.Map(percent);

    /// <summary>In percent.</summary>
    private static double? Position(IReadOnlyList<ComparisonScore>? scores, int index) =>
        scores is null || index >= scores.Count ? null : (scores[index].IsPerplexity ? scores[index].OverFloat : scores[index].Value) * 100;
}
