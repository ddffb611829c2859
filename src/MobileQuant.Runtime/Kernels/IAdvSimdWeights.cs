using System.Runtime.Intrinsics;

namespace MobileQuant.Kernels;

/// <summary>Loads eight columns of four channels of a tile as s8: columns 0..3 in one register, 4..7 in the other.</summary>
internal unsafe interface IAdvSimdWeights
{
    /// <summary>Bytes that eight columns of a tile take.</summary>
    static abstract int StepBytes { get; }

    /// <summary>Channels [4 * quarter, 4 * quarter + 4) at a step.</summary>
    static abstract (Vector128<sbyte> First, Vector128<sbyte> Second) Load(byte* weights, int quarter);
}
