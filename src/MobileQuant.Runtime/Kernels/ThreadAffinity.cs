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

        return [.. Enumerable.Range(0, MaskBytes * 8).Where(processor => (mask[processor / 8] >> (processor % 8) & 1) != 0)];
    }

    /// <summary>The processor that runs the calling thread at this moment.</summary>
    public static int CurrentProcessor() => sched_getcpu();

    /// <summary>Restricts the calling thread to some processors. Failure is no error: it only costs speed.</summary>
    public static void Restrict(params ReadOnlySpan<int> processors)
    {
        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        foreach (int processor in processors)
        {
            mask[processor / 8] |= (byte)(1 << (processor % 8));
        }

        _ = sched_setaffinity(0, MaskBytes, mask);
    }

    [LibraryImport("libc")]
    private static partial int sched_getaffinity(int thread, nuint size, byte* mask);

    [LibraryImport("libc")]
    private static partial int sched_setaffinity(int thread, nuint size, byte* mask);

    [LibraryImport("libc")]
    [SuppressGCTransition]
    private static partial int sched_getcpu();
}
