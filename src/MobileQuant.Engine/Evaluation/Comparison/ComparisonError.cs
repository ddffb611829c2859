namespace MobileQuant.Evaluation.Comparison;

/// <summary>What ended a row.</summary>
/// <param name="Code">MQ code.</param>
/// <param name="Message">What was wrong.</param>
/// <param name="Remedy">What to do, or null.</param>
public sealed record ComparisonError(string Code, string Message, string? Remedy);
