using System.Runtime.InteropServices;

namespace MobileQuant.Kernels;

/// <summary>
/// Working memory of the thread that runs a kernel: allocated at the thread's first call, pinned, aligned to a cache line,
/// reclaimed with the thread. Kernels therefore allocate nothing per call and need no preparation step.
/// </summary>
internal static unsafe class KernelScratch
{
    /// <summary>Bytes of <see cref="Inputs"/>.</summary>
    public const int InputBytes = 64 * 1024;

    /// <summary>Bytes of <see cref="Sums"/>.</summary>
    public const int SumBytes = 256 * 1024;

    /// <summary>Bytes of <see cref="Weights"/>.</summary>
    public const int WeightBytes = 8 * 1024;

    /// <summary>Bytes of <see cref="BlockSums"/>: 128 rows of 16 blocks, or 1024 blocks of one row, and a vector of slack.</summary>
    public const int BlockSumBytes = (4 * 1024) + Alignment;

    /// <summary>Bytes of <see cref="BlockScales"/>: of 16 blocks, scales and then their products with zero points.</summary>
    public const int BlockScaleBytes = 1024 + 512;

    private const int Alignment = 64;

    [ThreadStatic]
    private static byte[]? s_memory;

    /// <summary>Input rows in the order in which the kernel reads them.</summary>
    public static byte* Inputs => Start();

    /// <summary>Dot products of a group of tiles.</summary>
    public static int* Sums => (int*)(Start() + InputBytes);

    /// <summary>Unpacked weights of one block.</summary>
    public static byte* Weights => Start() + InputBytes + SumBytes;

    /// <summary>Sums of the input rows over blocks of columns.</summary>
    public static short* BlockSums => (short*)(Start() + InputBytes + SumBytes + WeightBytes);

    /// <summary>Unpacked scales of the blocks of <see cref="Weights"/>.</summary>
    public static short* BlockScales => (short*)(Start() + InputBytes + SumBytes + WeightBytes + BlockSumBytes);

    private static byte* Start()
    {
        byte[] memory = s_memory ??=
            GC.AllocateUninitializedArray<byte>(
                InputBytes + SumBytes + WeightBytes + BlockSumBytes + BlockScaleBytes + Alignment, pinned: true);
        nuint address = (nuint)Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0);
        return (byte*)((address + Alignment - 1) & ~(nuint)(Alignment - 1));
    }
}
