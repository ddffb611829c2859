namespace MobileQuant.Evaluation.Comparison;

/// <summary>The order of rows in every report.</summary>
internal static class ComparisonOrder
{
    /// <summary>Keeps the order of precisions, activations and weights; within these the best simulated figure first, failed rows last.</summary>
    /// <param name="rows">In the order of the plan.</param>
    /// <returns>The same rows.</returns>
    public static IReadOnlyList<ComparisonRow> Sort(IReadOnlyList<ComparisonRow> rows) =>
    [
        .. rows.GroupBy(row => (row.Precision, row.Activations, row.Weights)).SelectMany(group => group.OrderBy(Badness)),
    ];

    private static double Badness(ComparisonRow row) => row.Simulation is not [var first, ..] ? double.PositiveInfinity
        : double.IsNaN(first.Value) ? double.MaxValue
        : first.IsPerplexity ? first.Value
        : -first.Value;
}
