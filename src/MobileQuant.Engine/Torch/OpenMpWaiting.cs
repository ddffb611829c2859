using System.Runtime.InteropServices;

namespace MobileQuant.Torch;

/// <summary>
/// Makes the OpenMP threads of libtorch sleep while they wait for each other. By default they spin, and on a machine that is
/// busy with a build they then spin in the way of whom they wait for: greedy decoding of a small model took 45 s in place of
/// 2 s on two cores with a load of five.
/// </summary>
internal static partial class OpenMpWaiting
{
    private const string Variable = "OMP_WAIT_POLICY";

    /// <summary>To be called before libgomp is loaded, which reads its environment once. A user's own choice is kept.</summary>
    public static void MakePassive()
    {
        // Environment.SetEnvironmentVariable does not reach native code on Unix.
        if (OperatingSystem.IsWindows() || Environment.GetEnvironmentVariable(Variable) is not null)
        {
            return;
        }

        try
        {
            _ = SetEnvironment(Variable, "PASSIVE", 0);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Slower on a busy machine, no less right.
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
