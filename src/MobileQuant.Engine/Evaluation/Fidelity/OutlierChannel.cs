namespace MobileQuant.Evaluation.Fidelity;

/// <summary>A channel that is louder than the others of its site.</summary>
/// <param name="Channel">Its index in the last dimension; behind rotation: head * size + index.</param>
/// <param name="AbsoluteMaximum">Its largest absolute value.</param>
/// <param name="Ratio">That over the median of all channels' largest absolute values.</param>
public sealed record OutlierChannel(int Channel, float AbsoluteMaximum, double Ratio);
