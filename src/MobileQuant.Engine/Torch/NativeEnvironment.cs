using System.Runtime.InteropServices;

namespace MobileQuant.Torch;

/// <summary>Environment variables that native libraries read when they are loaded. A user's own choice is kept.</summary>
internal static partial class NativeEnvironment
{
    /// <summary>To be called before libgomp and libtorch are loaded, which read their environment once.</summary>
    public static void Prepare()
    {
        // OpenMP threads sleep while they wait for each other. By default they spin, and on a machine that is busy with a build
        // they then spin in the way of whom they wait for: greedy decoding of a small model took 45 s in place of 2 s on two
        // cores with a load of five.
        Set("OMP_WAIT_POLICY", "PASSIVE");

        // Torch's elementwise kernels for AVX-512 call an exponential that ends in a masked load. AMD's cores take about 190 ns for
        // each whose mask is empty and whose page is not in the TLB: sigmoid and softmax are 10 to 40 times slower than in AVX2,
        // and a step of learning takes a third longer. Matrix products choose for themselves. One width for all also makes
        // results of two machines differ less.
        if (RuntimeInformation.ProcessArchitecture == Architecture.X64)
        {
            Set("ATEN_CPU_CAPABILITY", "avx2");
        }
    }

    private static void Set(string variable, string value)
    {
        // Environment.SetEnvironmentVariable does not reach native code on Unix.
        if (OperatingSystem.IsWindows() || Environment.GetEnvironmentVariable(variable) is not null)
        {
            return;
        }

        try
        {
            _ = SetEnvironment(variable, value, 0);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Slower, no less right.
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
