namespace MobileQuant.Evaluation.Reporting.Charts;

/// <summary>What a chart says around its lines; not encoded.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="XLabel">What lies on x, with the unit.</param>
/// <param name="YLabel">What lies on y, with the unit.</param>
/// <param name="IsLogarithmic">Whether y is on a logarithmic scale.</param>
internal sealed record ChartFrame(string Title, string XLabel, string YLabel, bool IsLogarithmic = false)
{
    /// <summary>Half the width: several stand side by side.</summary>
    public bool IsSmall { get; init; }

    /// <summary>Values that the y axis covers besides the lines', so that charts side by side have the same one.</summary>
    public IReadOnlyCollection<double> Covered { get; init; } = [];
}
