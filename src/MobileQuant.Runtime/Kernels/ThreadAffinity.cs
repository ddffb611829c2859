using System.Runtime.InteropServices;

namespace MobileQuant.Kernels;

/// <summary>
/// Keeps threads on processors of their own, on Linux; elsewhere nothing is pinned. Schedulers left alone were measured to
/// keep two busy threads of one process on one of two idle cores for seconds, which halves every figure.
/// </summary>
internal static unsafe partial class ThreadAffinity
{
    private const int MaskBytes = 128;

    /// <summary>The processors that the calling thread may use, in ascending order; empty where pinning is not possible.</summary>
    public static int[] AllowedProcessors()
    {
        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        try
        {
            if (!OperatingSystem.IsLinux() || sched_getaffinity(0, MaskBytes, mask) < 0)
            {
                return [];
            }
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return [];
        }

        return [.. Enumerable.Range(0, MaskBytes * 8).Where(processor => Contains(mask, processor))];
    }

    /// <summary>The processor that runs the calling thread at this moment.</summary>
    public static int CurrentProcessor() => sched_getcpu();

    /// <summary>Restricts the calling thread to one processor. Failure is no error: it only costs speed.</summary>
    public static void Pin(int processor)
    {
        byte* mask = stackalloc byte[MaskBytes];
        Pin(processor, mask);
    }

    /// <summary>
    /// Moves the calling thread to a processor now and leaves its affinity as it was; it may wander again later.
    /// Does nothing where the affinity excludes the processor. Allocates nothing.
    /// </summary>
    public static void Move(int processor)
    {
        byte* allowed = stackalloc byte[MaskBytes];
        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(allowed, MaskBytes).Clear();
        if (sched_getaffinity(0, MaskBytes, allowed) >= 0 && Contains(allowed, processor))
        {
            Pin(processor, mask);
            _ = sched_setaffinity(0, MaskBytes, allowed);
        }
    }

    private static void Pin(int processor, byte* mask)
    {
        new Span<byte>(mask, MaskBytes).Clear();
        mask[processor / 8] |= (byte)(1 << (processor % 8));
        _ = sched_setaffinity(0, MaskBytes, mask);
    }

    private static bool Contains(byte* mask, int processor) => ((mask[processor / 8] >> (processor % 8)) & 1) != 0;

    [LibraryImport("libc")]
    private static partial int sched_getaffinity(int thread, nuint size, byte* mask);

    [LibraryImport("libc")]
    private static partial int sched_setaffinity(int thread, nuint size, byte* mask);

    [LibraryImport("libc")]
    [SuppressGCTransition]
    private static partial int sched_getcpu();
}
