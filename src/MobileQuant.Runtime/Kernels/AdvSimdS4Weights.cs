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
        Vector128<byte> pairs = Vector128.Load(weights + (quarter * 16));
        Vector128<sbyte> eight = Vector128.Create((sbyte)8);
        Vector128<sbyte> low = AdvSimd.And(pairs, Vector128.Create((byte)15)).AsSByte();
        Vector128<sbyte> high = AdvSimd.ShiftRightLogical(pairs, 4).AsSByte();
        return (AdvSimd.Subtract(low, eight), AdvSimd.Subtract(high, eight));
    }
}
