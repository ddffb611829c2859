using System.Diagnostics;

namespace MobileQuant.Tool.Tests;

/// <summary>The tool as a process of its own.</summary>
internal sealed class ToolProcess : IDisposable
{
    private readonly Process _process;

    public ToolProcess(string folder, params string[] args)
        : this(folder, new Dictionary<string, string>(), args)
    {
    }

    /// <param name="folder">Where the tool lies.</param>
    /// <param name="variables">Added to the environment.</param>
    /// <param name="args">Its arguments.</param>
    public ToolProcess(string folder, IReadOnlyDictionary<string, string> variables, params string[] args)
    {
        ProcessStartInfo start = new("dotnet", ["exec", Path.Combine(folder, "mobilequant.dll"), .. args])
        {
            RedirectStandardOutput = true,
        };
        if (OperatingSystem.IsLinux())
        {
            // A shell starts what runs in the background with interrupts ignored, which programs inherit: `env` becomes a dotnet that does not.
            start.FileName = "env";
            start.ArgumentList.Insert(0, "--default-signal=INT");
            start.ArgumentList.Insert(1, "dotnet");
        }

        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
    }

    public int Id => _process.Id;

    public int ExitCode => _process.ExitCode;

    /// <summary>Reads standard output up to a line that contains <paramref name="text"/>, or to its end.</summary>
    public bool ReadTo(string text)
    {
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>All of standard output that was not read yet.</summary>
    public string ReadToEnd() => _process.StandardOutput.ReadToEnd();

    public bool WaitForExit(TimeSpan limit) => _process.WaitForExit(limit);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
