namespace MobileQuant.Evaluation.Reporting;

/// <summary>A channel that is louder than the others of its place.</summary>
/// <param name="Channel">Its index.</param>
/// <param name="AbsoluteMaximum">Its largest absolute value.</param>
/// <param name="Ratio">That over the median of all channels.</param>
public sealed record LoudChannel(int Channel, double AbsoluteMaximum, double Ratio);
