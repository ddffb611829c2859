using System.Diagnostics;

namespace MobileQuant.Tests.Caching;

/// <summary>The id of a process that has ended.</summary>
internal static class DeadProcess
{
    public static int Id()
    {
        using Process process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, "--version") { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.WaitForExit();
        return process.Id;
    }
}
