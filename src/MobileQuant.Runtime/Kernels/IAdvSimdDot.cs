namespace MobileQuant.Kernels;

/// <summary>
/// Dot products of a tile with 1, 2 or 4 code rows by some family of Arm instructions:
/// <c>sums[row][16] = sum_k w * (x - 128)</c>.
/// </summary>
internal unsafe interface IAdvSimdDot
{
    /// <summary>Whether this process may run it.</summary>
    static abstract bool IsSupported { get; }

    static abstract void OneRow<TWeights>(byte* weights, byte* codes, int columns, int* sums)
        where TWeights : struct, IAdvSimdWeights;

    static abstract void TwoRows<TWeights>(byte* weights, byte* codes, int stride, int columns, int* sums)
        where TWeights : struct, IAdvSimdWeights;

    static abstract void FourRows<TWeights>(byte* weights, byte* codes, int stride, int columns, int* sums)
        where TWeights : struct, IAdvSimdWeights;
}
