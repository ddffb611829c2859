using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MobileQuant.Kernels;

/// <summary>s8 weights: a step is two groups of four columns.</summary>
internal readonly unsafe struct AdvSimdS8Weights : IAdvSimdWeights
{
    public static int StepBytes => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<sbyte> First, Vector128<sbyte> Second) Load(byte* weights, int quarter) =>
        (Vector128.Load((sbyte*)weights + (quarter * 16)), Vector128.Load((sbyte*)weights + 64 + (quarter * 16)));
}
