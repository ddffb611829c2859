namespace MobileQuant.Evaluation.Reporting.Charts;

/// <summary>A line of a comparison's chart.</summary>
/// <param name="Recipe">The recipe; not encoded.</param>
/// <param name="Simulation">In percent, or null.</param>
/// <param name="Runtime">In percent, or null.</param>
internal sealed record RecipeMark(string Recipe, double? Simulation, double? Runtime);
