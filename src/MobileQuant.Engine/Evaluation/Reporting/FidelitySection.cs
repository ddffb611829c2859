using MobileQuant.Evaluation.Reporting.Charts;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>Where a quantized model loses what it loses: the worst places as a table, all of them as charts.</summary>
internal static class FidelitySection
{
    private const int MostListed = 20;
    private const string StreamSuffix = ".output";

    /// <summary>Makes the section.</summary>
    public static ReportSection Of(IReadOnlyList<FidelitySeries> series)
    {
        bool isOne = series.Count == 1;
        ReportColumn[] columns = [.. isOne ? [] : (ReportColumn[])[new("grids"), new("recipe")], new("site"), new("signal to noise, dB", true)];
        return new(
            "fidelity",
            "Signal to noise by layer",
            "Values at a place over what quantization adds to them, all errors before it included; higher is better, 6 dB are one bit. "
            + (isOne ? $"The table lists the worst {MostListed}." : "Of each layer the worst site is shown."),
            new(columns, [.. series.SelectMany(one => Worst(one).Select(point => Row(one, point, isOne)))]))
        {
            Charts = isOne ? [DrawOne(series[0])] : DrawMany(series),
            IsFolded = !isOne,
        };
    }

    private static IEnumerable<FidelityPoint> Worst(FidelitySeries series) => series.Sites.OrderBy(point => point.Decibels).Take(MostListed);

    private static IReadOnlyList<string> Row(FidelitySeries series, FidelityPoint point, bool isOne) =>
        isOne ? [point.Site, Figures.Decibels(point.Decibels)] : [series.Group, series.Name, point.Site, Figures.Decibels(point.Decibels)];

    /// <summary>All places of one model as points, with lines through the worst of each layer and through the residual stream.</summary>
    private static string DrawOne(FidelitySeries series)
    {
        FidelityPoint[] inside = [.. series.Sites.Where(point => point.Layer >= 0 && double.IsFinite(point.Decibels))];
        (double Layer, double Decibels)[] stream = [.. inside.Where(point => point.Site == $"layers.{point.Layer}{StreamSuffix}").Select(point => ((double)point.Layer, point.Decibels))];
        List<ChartSeries> lines = [new("worst site of the layer", WorstByLayer(series)) { Color = 0 }];
        if (stream.Length > 0)
        {
            lines.Add(new("residual stream", stream) { Color = 1 });
        }

        lines.Add(new("other sites", [.. inside.Select(point => ((double)point.Layer, point.Decibels))]) { Color = 2, IsCloud = true });
        return LineChart.Draw(new(series.Name, "layer", "dB"), lines);
    }

    private static string[] DrawMany(IReadOnlyList<FidelitySeries> series)
    {
        string[] names = [.. series.Select(one => one.Name).Distinct()];
        double[] all = [.. series.SelectMany(WorstByLayer).Select(point => point.Decibels)];
        return
        [
            .. series.GroupBy(one => one.Group).Select(group => LineChart.Draw(
                new(group.Key, "layer", "dB") { IsSmall = true, Covered = all },
                [.. group.Select(one => new ChartSeries(one.Name, WorstByLayer(one)) { Color = Array.IndexOf(names, one.Name) })])),
        ];
    }

    private static (double Layer, double Decibels)[] WorstByLayer(FidelitySeries series) =>
    [
        .. series.Sites.Where(point => point.Layer >= 0 && double.IsFinite(point.Decibels)).GroupBy(point => point.Layer).OrderBy(layer => layer.Key)
            .Select(layer => ((double)layer.Key, layer.Min(point => point.Decibels))),
    ];
}
