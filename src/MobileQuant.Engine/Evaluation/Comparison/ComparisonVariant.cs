namespace MobileQuant.Evaluation.Comparison;

/// <summary>One row to be: its normalized request.</summary>
/// <param name="Request">From <see cref="Caching.RequestNormalizer"/>.</param>
/// <param name="RunsInIntegers">Whether the integer runtime is measured too.</param>
internal sealed record ComparisonVariant(QuantizationRequest Request, bool RunsInIntegers)
{
    /// <summary>For progress.</summary>
    public string Label => $"{Request.Recipe} {Request.Precision}";

    /// <summary>The row before anything is known of it.</summary>
    public ComparisonRow ToRow() => new()
    {
        Recipe = Request.Recipe,
        Precision = Request.Precision.ToString(),
        Activations = Request.Activations.ToString().ToLowerInvariant(),
        Weights = Request.Weights.ToString().ToLowerInvariant(),
    };
}
