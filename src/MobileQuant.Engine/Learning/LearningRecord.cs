namespace MobileQuant.Learning;

/// <summary>What learning did, for reports: the same for the same inputs, so without times.</summary>
/// <param name="Settings">The settings as used.</param>
/// <param name="Steps">Steps of the optimizer, all layers together where each is learned alone.</param>
/// <param name="SkippedSteps">Steps among them that changed nothing because loss or gradients were not finite.</param>
/// <param name="Curve">The loss in order of steps, thinned to about a hundred points, each a mean over the steps since the one before.</param>
public sealed record LearningRecord(LearningSettings Settings, int Steps, int SkippedSteps, IReadOnlyList<LearningPoint> Curve);
