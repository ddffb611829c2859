namespace MobileQuant.Evaluation.Reporting;

/// <summary>Signal to quantization-noise ratios of the places of a model.</summary>
/// <param name="Name">What was compared with what.</param>
/// <param name="Sites">In order of computation.</param>
public sealed record FidelitySeries(string Name, IReadOnlyList<FidelityPoint> Sites);
