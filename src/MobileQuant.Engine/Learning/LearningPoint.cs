namespace MobileQuant.Learning;

/// <summary>One point of a loss curve.</summary>
/// <param name="Step">Steps done, from 1.</param>
/// <param name="Loss">Mean loss of the steps up to it.</param>
public sealed record LearningPoint(int Step, double Loss);
