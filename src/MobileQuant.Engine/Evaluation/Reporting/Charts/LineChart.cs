using System.Globalization;

namespace MobileQuant.Evaluation.Reporting.Charts;

/// <summary>Lines over a whole-numbered x: layers or steps.</summary>
internal static class LineChart
{
    /// <summary>Colors (and dashes) that the page's style has.</summary>
    public const int Colors = 8;

    private const double Height = 300;
    private const double Left = 64;
    private const double Right = 16;
    private const double Top = 40;
    private const double Bottom = 46;
    private const double LegendLine = 18;
    private const double LegendLetter = 6.8;

    /// <summary>Draws a chart; points that are not finite, or not positive on a logarithmic scale, are left out.</summary>
    public static string Draw(ChartFrame frame, IReadOnlyList<ChartSeries> series)
    {
        ChartSeries[] shown = [.. series.Select(one => one with { Points = [.. one.Points.Where(point => double.IsFinite(point.Y) && (!frame.IsLogarithmic || point.Y > 0))] })];
        double width = frame.IsSmall ? 420 : 640;
        List<(double X, double Y)> legend = PlaceLegend(shown, width, out double legendHeight);
        double top = Top + legendHeight;
        double bottom = top + Height - Top - Bottom;
        (double X, double Y)[] points = [.. shown.SelectMany(one => one.Points)];
        ChartAxis x = ChartAxis.Linear([.. points.Select(point => point.X)], Left, width - Right, frame.IsSmall ? 6 : 10, isWhole: true);
        double[] values = [.. points.Select(point => point.Y), .. frame.Covered.Where(value => !frame.IsLogarithmic || value > 0)];
        ChartAxis y = frame.IsLogarithmic ? ChartAxis.Logarithmic(values, bottom, top) : ChartAxis.Linear(values, bottom, top, 6);

        SvgDrawing drawing = new(frame.Title, $"{frame.YLabel} by {frame.XLabel}: {string.Join(", ", series.Select(one => one.Name))}. The table below has the figures.", width, bottom + Bottom);
        drawing.Text("chart-title", 8, 22, SafeText.Shortened(frame.Title, (int)(width / 9)));
        DrawAxes(drawing, frame, x, y, width, top, bottom);
        for (int i = shown.Length - 1; i >= 0; i--)
        {
            DrawSeries(drawing, shown[i], x, y);
        }

        for (int i = 0; i < shown.Length; i++)
        {
            DrawLegend(drawing, shown[i], legend[i]);
        }

        return drawing.ToSvg(frame.IsSmall ? "chart small" : "chart");
    }

    private static void DrawAxes(SvgDrawing drawing, ChartFrame frame, ChartAxis x, ChartAxis y, double width, double top, double bottom)
    {
        foreach (double tick in y.Ticks)
        {
            drawing.Line("grid", Left, y.Map(tick), width - Right, y.Map(tick));
            drawing.Text("tick", Left - 8, y.Map(tick) + 4, ChartLabel.Of(tick), "end");
        }

        foreach (double tick in x.Ticks)
        {
            drawing.Line("axis", x.Map(tick), bottom, x.Map(tick), bottom + 4);
            drawing.Text("tick", x.Map(tick), bottom + 18, ChartLabel.Of(tick), "middle");
        }

        drawing.Line("axis", Left, bottom, width - Right, bottom);
        drawing.Text("label", (Left + width - Right) / 2, bottom + 38, frame.XLabel, "middle");
        drawing.Text("label", 8, top - 14, frame.YLabel);
    }

    private static void DrawSeries(SvgDrawing drawing, ChartSeries series, ChartAxis x, ChartAxis y)
    {
        if (!series.IsCloud && series.Points.Count > 1)
        {
            drawing.Polyline($"line {Style(series)}", series.Points.Select(point => (x.Map(point.X), y.Map(point.Y))));
        }

        if (series.IsCloud || series.Points.Count <= 64)
        {
            foreach ((double pointX, double pointY) in series.Points)
            {
                drawing.Circle($"dot {Style(series)}", x.Map(pointX), y.Map(pointY), series.IsCloud ? 2 : 3, $"{series.Name}, {ChartLabel.Of(pointX)}: {Figures.Significant(pointY, 4)}");
            }
        }
    }

    private static void DrawLegend(SvgDrawing drawing, ChartSeries series, (double X, double Y) at)
    {
        if (!series.IsCloud)
        {
            drawing.Line($"line {Style(series)}", at.X, at.Y - 4, at.X + 24, at.Y - 4);
        }

        drawing.Circle($"dot {Style(series)}", at.X + 12, at.Y - 4, series.IsCloud ? 2 : 3);
        drawing.Text("legend", at.X + 30, at.Y, LegendName(series));
    }

    /// <summary>Names side by side as far as there is room.</summary>
    private static List<(double X, double Y)> PlaceLegend(IReadOnlyList<ChartSeries> series, double width, out double height)
    {
        List<(double X, double Y)> places = [];
        double x = 8;
        double y = Top + 2;
        foreach (ChartSeries one in series)
        {
            double room = 30 + (LegendName(one).Length * LegendLetter) + 16;
            if (x > 8 && x + room > width)
            {
                x = 8;
                y += LegendLine;
            }

            places.Add((x, y));
            x += room;
        }

        height = y + LegendLine - Top + 18;
        return places;
    }

    private static string LegendName(ChartSeries series) => SafeText.Shortened(series.Name, 40);

    private static string Style(ChartSeries series) => series.IsCloud ? "cloud" : string.Create(CultureInfo.InvariantCulture, $"c{series.Color % Colors}");
}
