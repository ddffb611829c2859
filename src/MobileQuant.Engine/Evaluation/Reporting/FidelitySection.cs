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
        ReportColumn[] columns = [.. series.Count > 1 ? [new ReportColumn("of")] : Array.Empty<ReportColumn>(), new("site"), new("signal to noise, dB", true)];
        return new(
            "fidelity",
            "Signal to noise by layer",
            $"Ratio of the values at a place to what quantization adds to them, all errors before it included; higher is better, 6 dB are one bit. The table lists the worst {MostListed} of each.",
            new(columns, [.. series.SelectMany(one => Worst(one).Select(point => Row(one, point, series.Count > 1)))]))
        {
            Charts = series.Count == 1 ? [DrawOne(series[0])] : [DrawMany(series)],
        };
    }

    private static IEnumerable<FidelityPoint> Worst(FidelitySeries series) => series.Sites.OrderBy(point => point.Decibels).Take(MostListed);

    private static IReadOnlyList<string> Row(FidelitySeries series, FidelityPoint point, bool isNamed) =>
        isNamed ? [series.Name, point.Site, Figures.Decibels(point.Decibels)] : [point.Site, Figures.Decibels(point.Decibels)];

    /// <summary>All places of one model as points, with lines through the worst of each layer and through the residual stream.</summary>
    private static string DrawOne(FidelitySeries series)
    {
        FidelityPoint[] inside = [.. series.Sites.Where(point => point.Layer >= 0 && double.IsFinite(point.Decibels))];
        (double Layer, double Decibels)[] stream = [.. inside.Where(point => point.Site == $"layers.{point.Layer}{StreamSuffix}").Select(point => ((double)point.Layer, point.Decibels))];
        List<ChartSeries> lines = [new("worst site of the layer", WorstByLayer(series))];
        if (stream.Length > 0)
        {
            lines.Add(new("residual stream", stream));
        }

        lines.Add(new("other sites", [.. inside.Select(point => ((double)point.Layer, point.Decibels))]) { IsCloud = true });
        return LineChart.Draw(new($"Signal to noise, {series.Name}", "layer", "dB"), lines);
    }

    private static string DrawMany(IReadOnlyList<FidelitySeries> series) =>
        LineChart.Draw(new("Signal to noise of each layer's worst site", "layer", "dB"), [.. series.Select(one => new ChartSeries(one.Name, WorstByLayer(one)))]);

    private static (double Layer, double Decibels)[] WorstByLayer(FidelitySeries series) =>
    [
        .. series.Sites.Where(point => point.Layer >= 0 && double.IsFinite(point.Decibels)).GroupBy(point => point.Layer).OrderBy(layer => layer.Key)
            .Select(layer => ((double)layer.Key, layer.Min(point => point.Decibels))),
    ];
}
