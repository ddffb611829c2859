namespace MobileQuant;

/// <summary>How a job came to its artifact.</summary>
/// <param name="From">Where it was; null: it was made.</param>
/// <param name="Reason">Why it was made, or null.</param>
internal readonly record struct JobOutcome(ArtifactSource? From, string? Reason);
