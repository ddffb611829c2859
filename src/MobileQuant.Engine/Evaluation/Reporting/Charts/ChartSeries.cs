namespace MobileQuant.Evaluation.Reporting.Charts;

/// <summary>A line of a chart.</summary>
/// <param name="Name">For the legend; not encoded.</param>
/// <param name="Points">In order of x.</param>
internal sealed record ChartSeries(string Name, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>Which color and dashes it has; the same in all charts of a section for the same name.</summary>
    public required int Color { get; init; }

    /// <summary>Points without a line, in the background.</summary>
    public bool IsCloud { get; init; }
}
