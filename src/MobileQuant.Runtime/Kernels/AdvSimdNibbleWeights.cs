using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace MobileQuant.Kernels;

/// <summary>s4 weights of formats with blocks: nibbles as they are, code + 8. Their eight goes with the block's zero point.</summary>
internal readonly unsafe struct AdvSimdNibbleWeights : IAdvSimdWeights
{
    public static int StepBytes => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<sbyte> First, Vector128<sbyte> Second) Load(byte* weights, int quarter)
    {
        Vector128<byte> pairs = Vector128.Load(weights + (quarter * 16));
        return (AdvSimd.And(pairs, Vector128.Create((byte)15)).AsSByte(), AdvSimd.ShiftRightLogical(pairs, 4).AsSByte());
    }
}
