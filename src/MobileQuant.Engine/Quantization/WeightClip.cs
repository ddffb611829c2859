namespace MobileQuant.Quantization;

/// <summary>
/// The range that a matrix's grid covers where it is not that of the weights themselves: learned clipping, or any other. Weights
/// outside of it round to the outermost codes; the float weights stay as they are.
/// </summary>
/// <param name="Minimum">Real value of the lowest code, at most 0: one per matrix, row, or block of a row, as the scheme shares scales.</param>
/// <param name="Maximum">Real value of the highest code, at least 0, likewise.</param>
public sealed record WeightClip(float[] Minimum, float[] Maximum)
{
    /// <summary>The range of one scale.</summary>
    /// <param name="index">0, a row, or row * blocks + block.</param>
    /// <returns>The range.</returns>
    public ValueRange this[int index] => new(Minimum[index], Maximum[index]);
}
