using System.Diagnostics;
using System.Text;

namespace MobileQuant.Build.Tests.Infrastructure;

/// <summary>Runs programs for tests, with the store of the machine's user out of reach.</summary>
internal static class Commands
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(6);

    /// <summary>Runs `dotnet` and returns all it said.</summary>
    public static CommandResult DotNet(string directory, string store, params string[] arguments)
    {
        StringBuilder said = new();
        StringBuilder printed = new();
        using Process process = new() { StartInfo = StartInfo(directory, store, arguments) };
        process.OutputDataReceived += (_, e) => Append(e.Data, said, printed);
        process.ErrorDataReceived += (_, e) => Append(e.Data, said, null);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"dotnet {string.Join(' ', arguments)} did not end in {s_limit}:\n{said}");
        }

        process.WaitForExit();
        return new CommandResult(process.ExitCode, said.ToString(), printed.ToString());
    }

    /// <summary>Starts `dotnet` and leaves it to the caller, who wants nothing of what it says but may send it signals.</summary>
    public static Process Start(string directory, string store, params string[] arguments)
    {
        Process process = new() { StartInfo = StartInfo(directory, store, arguments) };
        if (OperatingSystem.IsLinux())
        {
            // A shell starts what runs in the background with interrupts ignored, which programs inherit: `env` becomes a dotnet that does not.
            process.StartInfo.FileName = "env";
            process.StartInfo.ArgumentList.Insert(0, "--default-signal=INT");
            process.StartInfo.ArgumentList.Insert(1, "dotnet");
        }

        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static ProcessStartInfo StartInfo(string directory, string store, string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };

        // A test host carries settings of the build that started it, which would reach the builds started here.
        foreach (string name in start.Environment.Keys.Where(key => key.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["MOBILEQUANT_CACHE_DIRECTORY"] = store;
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["MSBUILDTERMINALLOGGER"] = "off";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        return start;
    }

    private static void Append(string? line, StringBuilder said, StringBuilder? printed)
    {
        if (line is null)
        {
            return;
        }

        lock (said)
        {
            said.AppendLine(line);
            printed?.AppendLine(line);
        }
    }
}
