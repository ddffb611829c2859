using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace MobileQuant.Kernels;

/// <summary>Loads eight columns of four channels of a tile as s8: columns 0..3 in one register, 4..7 in the other.</summary>
internal unsafe interface IAdvSimdWeights
{
    /// <summary>Bytes that eight columns of a tile take.</summary>
    static abstract int StepBytes { get; }

    /// <summary>Channels [4 * quarter, 4 * quarter + 4) at a step.</summary>
    static abstract (Vector128<sbyte> First, Vector128<sbyte> Second) Load(byte* weights, int quarter);
}

/// <summary>s8 weights: a step is two groups of four columns.</summary>
internal readonly unsafe struct AdvSimdS8Weights : IAdvSimdWeights
{
    public static int StepBytes => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<sbyte> First, Vector128<sbyte> Second) Load(byte* weights, int quarter) =>
        (Vector128.Load((sbyte*)weights + (quarter * 16)), Vector128.Load((sbyte*)weights + 64 + (quarter * 16)));
}

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
