using System.Runtime.InteropServices;

namespace MobileQuant.Torch;

/// <summary>
/// Keeps glibc's allocator from hoarding. It raises its threshold for mapping large blocks directly each time that one is freed,
/// and then serves tensors of tens of megabytes from a heap that fragments: calibrating a model of 28 million parameters peaked
/// at 2,831 MB that way, at 1,276 MB with the threshold fixed at 4 MiB, and at 664 MB with 1 MiB; lower ones spend the time that
/// they would save in page faults.
/// </summary>
internal static partial class NativeMemory
{
    private const string Variable = "MALLOC_MMAP_THRESHOLD_";
    private const int MapThreshold = -3;
    private const int ThresholdBytes = 1 << 20;

    /// <summary>To be called once, before the first tensor. A user's own choice is kept.</summary>
    public static void FixMapThreshold()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(Variable) is not null)
        {
            return;
        }

        try
        {
            _ = SetOption(MapThreshold, ThresholdBytes);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another C library: nothing to fix.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetOption(int option, int value);
}
