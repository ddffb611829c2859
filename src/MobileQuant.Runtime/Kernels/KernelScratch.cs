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

    private const int Alignment = 64;

    [ThreadStatic]
    private static byte[]? s_memory;

    /// <summary>Input rows in the order in which the kernel reads them.</summary>
    public static byte* Inputs => Start();

    /// <summary>Dot products of a group of tiles.</summary>
    public static int* Sums => (int*)(Start() + InputBytes);

    /// <summary>Unpacked weights of one block.</summary>
    public static byte* Weights => Start() + InputBytes + SumBytes;

    private static byte* Start()
    {
        byte[] memory = s_memory ??=
            GC.AllocateUninitializedArray<byte>(InputBytes + SumBytes + WeightBytes + Alignment, pinned: true);
        nuint address = (nuint)Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0);
        return (byte*)((address + Alignment - 1) & ~(nuint)(Alignment - 1));
    }
}
