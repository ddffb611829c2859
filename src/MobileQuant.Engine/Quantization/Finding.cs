namespace MobileQuant.Quantization;

/// <summary>One candidate that a search tried, with the figure that decided about it.</summary>
/// <param name="Step">Which search: <c>alpha</c>, <c>sensitivity</c>, <c>wide</c>, <c>range</c> or <c>prefix</c>.</param>
/// <param name="Candidate">What was tried, such as a strength, a site or a token.</param>
/// <param name="Loss">Divergence of the candidate from the float model on calibration windows, in nats per token.</param>
/// <param name="IsChosen">Whether the search took it.</param>
public sealed record Finding(string Step, string Candidate, double Loss, bool IsChosen);
