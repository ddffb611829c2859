using System.Runtime.InteropServices;

namespace MobileQuant.Torch;

/// <summary>
/// Tells glibc's allocator when to map a block from the system and when to keep what is freed. By default it raises the threshold
/// each time that a large block is freed, and then serves tensors of tens of megabytes from a heap that fragments: calibrating a
/// model of 28 million parameters peaked at 2,831 MB that way, at 1,276 MB with the threshold fixed at 4 MiB, and at 664 MB with
/// 1 MiB. But a mapped block costs a page fault for every 4 KiB: on a virtual machine a product of two activations took 5.8 ms
/// with it and 0.06 ms without, and a matrix product twice its time. So steps that ask for the same few sizes again and again
/// (passes over windows, learning) keep their blocks, and give them back before the next step.
/// </summary>
internal static partial class NativeMemory
{
    private const string Variable = "MALLOC_MMAP_THRESHOLD_";
    private const int TrimThreshold = -1;
    private const int MapThreshold = -3;
    private const int SparingMapBytes = 1 << 20;
    private const int SparingTrimBytes = 128 << 10;

    // Half of what a thread's own heap can grow to: older versions of glibc take no more.
    private const int MostMapBytes = 32 << 20;
    private const int KeepingTrimBytes = 1 << 30;

    private static readonly Lock Gate = new();
    private static int _keepers;

    private static bool IsOurs => OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable(Variable) is null;

    /// <summary>To be called once, before the first tensor. A user's own choice is kept.</summary>
    public static void FixMapThreshold() => Set(SparingMapBytes, null);

    /// <summary>Largest block that is kept where passes through a model alternate with work on its weights: one layer's activations.</summary>
    public const int OfPasses = 4 << 20;

    /// <summary>Keeps freed blocks for the next ones until the result is disposed; then gives them back to the system.</summary>
    /// <param name="largest">Size of the largest block that is kept, in bytes.</param>
    public static IDisposable KeepFreed(int largest = MostMapBytes)
    {
        lock (Gate)
        {
            if (_keepers++ == 0)
            {
                Set(largest, KeepingTrimBytes);
            }
        }

        return new Keeper();
    }

    private static void Set(int mapBytes, int? trimBytes)
    {
        if (!IsOurs)
        {
            return;
        }

        try
        {
            _ = SetOption(MapThreshold, mapBytes);
            if (trimBytes is { } bytes)
            {
                _ = SetOption(TrimThreshold, bytes);
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another C library: nothing to set.
        }
    }

    private static void GiveBack()
    {
        lock (Gate)
        {
            if (--_keepers > 0)
            {
                return;
            }

            Set(SparingMapBytes, SparingTrimBytes);
            try
            {
                _ = IsOurs ? Trim(0) : 0;
            }
            catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
            {
                // Another C library: it keeps what it has.
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetOption(int option, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Trim(nuint padding);

    private sealed class Keeper : IDisposable
    {
        private int _isDisposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            {
                GiveBack();
            }
        }
    }
}
