namespace MobileQuant.Evaluation.Comparison;

/// <summary>A whole comparison.</summary>
/// <param name="Model">Name of the checkpoint.</param>
/// <param name="Family">Such as llama.</param>
/// <param name="Parameters">Of the float model.</param>
/// <param name="Target">cpu or npu: whose losses were simulated.</param>
/// <param name="Measures">What was measured, in order.</param>
/// <param name="FloatScores">The float model's figures, in the same order.</param>
/// <param name="Rows">By precision, activations and weights as they were asked for, and then the best first; failed ones last.</param>
public sealed record ComparisonResult(
    string Model,
    string Family,
    long Parameters,
    string Target,
    IReadOnlyList<ComparisonMeasure> Measures,
    IReadOnlyList<ComparisonScore> FloatScores,
    IReadOnlyList<ComparisonRow> Rows)
{
    /// <summary>Whether every row has all that was asked for.</summary>
    public bool IsComplete => Rows.All(row => row.Error is null);
}
