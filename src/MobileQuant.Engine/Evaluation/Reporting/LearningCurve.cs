using MobileQuant.Learning;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>The loss while a recipe learned.</summary>
/// <param name="Group">Those of a group stand side by side: precision and grids.</param>
/// <param name="Name">The recipe.</param>
/// <param name="SkippedSteps">Steps that changed nothing because loss or gradients were not finite.</param>
/// <param name="Points">The loss by step.</param>
public sealed record LearningCurve(string Group, string Name, int SkippedSteps, IReadOnlyList<LearningPoint> Points);
