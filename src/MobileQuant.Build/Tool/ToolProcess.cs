using System.Diagnostics;
using System.Text;

namespace MobileQuant.Build.Tool;

/// <summary>The tool running: lines of standard output go to a handler, the tail of standard error is kept.</summary>
internal sealed class ToolProcess : IDisposable
{
    private const int TailLines = 20;

    private readonly Process _process;
    private readonly Queue<string> _errorTail = new();
    private bool _cancelled;

    public ToolProcess(string host, string toolPath, string responseFile, string workingDirectory)
    {
        _process = new Process
        {
            StartInfo = new ProcessStartInfo
            {
                FileName = host,
                Arguments = CommandLine.Join(toolPath, "quantize", "@" + responseFile),
                WorkingDirectory = workingDirectory,
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = Encoding.UTF8,
                StandardErrorEncoding = Encoding.UTF8,
            },
        };

        // The tool is built for one runtime; a machine with only a newer one can run it.
        _process.StartInfo.Environment["DOTNET_ROLL_FORWARD"] = "Major";
    }

    /// <summary>What the tool last wrote to standard error.</summary>
    public string ErrorTail
    {
        get
        {
            lock (_errorTail)
            {
                return string.Join(" | ", _errorTail);
            }
        }
    }

    /// <summary>Runs the tool to its end.</summary>
    /// <param name="onLine">Called for each line of standard output, on this thread.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="System.ComponentModel.Win32Exception">The host could not be started.</exception>
    public int Run(Action<string> onLine)
    {
        _process.ErrorDataReceived += (_, e) => KeepError(e.Data);
        lock (_process)
        {
            if (_cancelled)
            {
                return -1;
            }

            _process.Start();
        }

        _process.StandardInput.Close();
        _process.BeginErrorReadLine();
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            onLine(line);
        }

        _process.WaitForExit();
        return _process.ExitCode;
    }

    /// <summary>Ends the tool and everything it started. Its own rules make that safe: it writes beside the target and renames.</summary>
    public void Cancel()
    {
        lock (_process)
        {
            _cancelled = true;
            try
            {
                KillTree();
            }
            catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or System.Reflection.TargetInvocationException)
            {
                // Not started yet, or over already.
            }
        }
    }

    public void Dispose() => _process.Dispose();

    private void KillTree()
    {
        // Process.Kill(bool) is not in netstandard2.0 but is there in every host except Visual Studio's .NET Framework one.
        System.Reflection.MethodInfo? killTree = typeof(Process).GetMethod("Kill", [typeof(bool)]);
        if (killTree is not null)
        {
            killTree.Invoke(_process, [true]);
        }
        else
        {
            _process.Kill();
        }
    }

    private void KeepError(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        lock (_errorTail)
        {
            _errorTail.Enqueue(line!);
            if (_errorTail.Count > TailLines)
            {
                _errorTail.Dequeue();
            }
        }
    }
}
