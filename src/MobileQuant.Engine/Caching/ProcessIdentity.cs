using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace MobileQuant.Caching;

/// <summary>Whether another process still runs.</summary>
internal static class ProcessIdentity
{
    /// <summary>False when no process with the id runs (one that has ended but was not waited for does not run).</summary>
    public static bool IsAlive(int pid)
    {
        if (pid == Environment.ProcessId)
        {
            return true;
        }

        if (OperatingSystem.IsLinux())
        {
            return LinuxState(pid) is not (null or 'Z' or 'X');
        }

        try
        {
            using Process process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
        catch (Win32Exception)
        {
            // It is there, and belongs to somebody else.
            return true;
        }
    }

    private static char? LinuxState(int pid)
    {
        try
        {
            // "pid (name) S ...": the name may itself contain parentheses.
            string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            int end = stat.LastIndexOf(')');
            return end >= 0 && end + 2 < stat.Length ? stat[end + 2] : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
