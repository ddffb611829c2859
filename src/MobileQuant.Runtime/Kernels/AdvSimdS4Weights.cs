using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace MobileQuant.Kernels;

/// <summary>s4 weights: a step is one group of eight columns, low nibbles first.</summary>
internal readonly unsafe struct AdvSimdS4Weights : IAdvSimdWeights
{
    public static int StepBytes => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<sbyte> First, Vector128<sbyte> Second) Load(byte* weights, int quarter)
    {
        (Vector128<sbyte> low, Vector128<sbyte> high) = AdvSimdNibbleWeights.Load(weights, quarter);
        Vector128<sbyte> eight = Vector128.Create((sbyte)8);
        return (AdvSimd.Subtract(low, eight), AdvSimd.Subtract(high, eight));
    }
}
