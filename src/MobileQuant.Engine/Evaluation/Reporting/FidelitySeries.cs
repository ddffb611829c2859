namespace MobileQuant.Evaluation.Reporting;

/// <summary>Signal to quantization-noise ratios of the places of a model.</summary>
/// <param name="Group">Those of a group stand side by side: precision and grids.</param>
/// <param name="Name">What was measured: a recipe, or a pair of computations.</param>
/// <param name="Sites">In order of computation.</param>
public sealed record FidelitySeries(string Group, string Name, IReadOnlyList<FidelityPoint> Sites);
