using System.ComponentModel;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using MobileQuant.Build.Diagnostics;
using MobileQuant.Build.Models;
using MobileQuant.Build.Tool;

namespace MobileQuant.Build;

/// <summary>Starts the tool for one model and turns its events into messages, warnings and errors of the build.</summary>
[MSBuildMultiThreadableTask]
public sealed class QuantizeModel : Microsoft.Build.Utilities.Task, ICancelableTask
{
    private readonly object _gate = new();
    private readonly ProgressText _progress = new();
    private ToolProcess? _running;
    private bool _cancelled;
    private ToolEvent? _result;
    private bool _reported;

    /// <summary>A model as <see cref="PrepareModels"/> made it.</summary>
    [Required]
    public ITaskItem Model { get; set; } = null!;

    /// <summary>mobilequant.dll.</summary>
    [Required]
    public string ToolPath { get; set; } = string.Empty;

    /// <summary>The dotnet host; empty: the one that runs this build, or the one on the path.</summary>
    public string DotNetHostPath { get; set; } = string.Empty;

    /// <summary>The project's folder, absolute.</summary>
    [Required]
    public string ProjectDirectory { get; set; } = string.Empty;

    /// <summary>The project file, for diagnostics.</summary>
    [Required]
    public string ProjectFile { get; set; } = string.Empty;

    /// <summary>The content store; empty: the user's default.</summary>
    public string CacheDirectory { get; set; } = string.Empty;

    /// <summary>False: the store is neither read nor written.</summary>
    public bool UseCache { get; set; } = true;

    /// <summary>True: quantize even when the store has the result.</summary>
    public bool Force { get; set; }

    /// <summary>What machines share: an address without a password, or a folder; empty: what the environment names.</summary>
    public string RemoteCache { get; set; } = string.Empty;

    /// <summary>True: nothing is published in the remote cache.</summary>
    public bool RemoteCacheReadOnly { get; set; }

    /// <summary>True: a model that would have to be made is an error.</summary>
    public bool RequireCached { get; set; }

    /// <summary>True: the network is not used.</summary>
    public bool Offline { get; set; }

    /// <summary>Threads of the tool; 0: all cores. The result is the same.</summary>
    public int Parallelism { get; set; }

    /// <summary>quiet: nothing but warnings and errors; normal: a line of progress every few seconds and one at the end; detailed: all.</summary>
    public string Verbosity { get; set; } = "normal";

    /// <summary>What links to error pages start with; ends with a slash.</summary>
    public string HelpLinkBase { get; set; } = string.Empty;

    private string ModelName => Model.GetMetadata(ModelMetadata.Name);

    private SourceLocation Location => ItemLocator.Find(Model, ProjectFile);

    /// <inheritdoc/>
    public override bool Execute()
    {
        BuildLog log = new(Log, HelpLinkBase);
        string toolPath = Path.GetFullPath(Path.Combine(ProjectDirectory, ToolPath));
        string host = FindHost();
        string artifact = Model.GetMetadata(ModelMetadata.OutputFile);
        string stampFile = Model.GetMetadata(ModelMetadata.StampFile);
        Stamp? before = Stamp.Read(stampFile) is { } stamp && stamp.Describes(artifact) ? stamp : null;
        DateTime artifactTime = before is null ? default : File.GetLastWriteTimeUtc(artifact);
        DateTime start = DateTime.UtcNow;

        using ToolProcess tool = new(host, toolPath, WriteResponseFile(), ProjectDirectory);
        lock (_gate)
        {
            if (_cancelled)
            {
                return false;
            }

            _running = tool;
        }

        int exitCode;
        try
        {
            exitCode = tool.Run(line => OnLine(line, log));
        }
        catch (Win32Exception e)
        {
            log.Error("MQ1108", Location, $"The quantization tool could not be started with '{host}': {e.Message}", "Install the .NET SDK, or set DOTNET_HOST_PATH to its dotnet executable.");
            return false;
        }
        finally
        {
            lock (_gate)
            {
                _running = null;
            }
        }

        if (_cancelled)
        {
            return false;
        }

        if (exitCode != 0 || _result is null)
        {
            ReportSilentFailure(log, exitCode, tool.ErrorTail);
            return false;
        }

        if (tool.ErrorTail.Length > 0)
        {
            Tell(log, false, MessageImportance.Normal, tool.ErrorTail);
        }

        Finish(log, artifact, stampFile, before, artifactTime, start);
        return !Log.HasLoggedErrors;
    }

    /// <summary>Ends the tool.</summary>
    public void Cancel()
    {
        lock (_gate)
        {
            _cancelled = true;
            _running?.Cancel();
        }
    }

    private void Finish(BuildLog log, string artifact, string stampFile, Stamp? before, DateTime artifactTime, DateTime start)
    {
        FileInfo file = new(artifact);
        if (!file.Exists)
        {
            log.Error("MQ1109", Location, $"The quantization tool reported success for model '{ModelName}' but '{artifact}' does not exist.");
            return;
        }

        // Copy steps compare times. New bytes need a new time even when they come from an old store entry, else bin keeps what it
        // had; the same bytes keep their time, else every copy of a large model is made again.
        string fingerprint = _result!.Text("fingerprint");
        bool same = before is not null && before.Fingerprint == fingerprint && before.Bytes == file.Length && !Force;
        file.LastWriteTimeUtc = same ? artifactTime : DateTime.UtcNow;
        new Stamp(fingerprint, file.Length).Write(stampFile, start);

        Tell(log, !IsQuiet, MessageImportance.Normal, ProgressText.OfResult(_result));
        Tell(log, false, MessageImportance.Low, $"fingerprint {fingerprint}, peak memory {_result.Number("peakMemoryBytes") / 1e6:0} MB, {artifact}");
    }

    private bool IsQuiet => string.Equals(Verbosity, "quiet", StringComparison.OrdinalIgnoreCase);

    private bool IsDetailed => string.Equals(Verbosity, "detailed", StringComparison.OrdinalIgnoreCase);

    private void OnLine(string line, BuildLog log)
    {
        ToolEvent? told = ToolEvent.Parse(line);
        switch (told?.Kind)
        {
            case "progress":
                Tell(log, !IsQuiet && (IsDetailed || _progress.IsDue()), MessageImportance.Low, ProgressText.Of(told));
                break;
            case "message":
                Tell(log, IsDetailed, MessageImportance.Normal, told.Text("text"));
                break;
            case "fingerprint":
                Tell(log, IsDetailed, MessageImportance.Low, ProgressText.OfFingerprint(told));
                break;
            case "warning":
                log.Warning(told.Text("code"), Location, told.Text("message"), told.Text("remedy"));
                break;
            case "error":
                _reported = true;
                log.Error(told.Text("code"), Location, told.Text("message"), told.Text("remedy"));
                break;
            case "result":
                _result = told;
                break;
            default:
                Tell(log, false, MessageImportance.Normal, line);
                break;
        }
    }

    private void Tell(BuildLog log, bool aloud, MessageImportance otherwise, string text)
    {
        string line = $"MobileQuant: {ModelName}: {text}";
        if (aloud)
        {
            log.Announce(line);
        }
        else
        {
            log.Message(otherwise, line);
        }
    }

    private void ReportSilentFailure(BuildLog log, int exitCode, string errorTail)
    {
        if (_reported)
        {
            return;
        }

        string said = errorTail.Length == 0 ? string.Empty : $" It said: {errorTail}";
        log.Error("MQ1109", Location, $"The quantization tool ended with exit code {exitCode} and without a result for model '{ModelName}'.{said}", "Run the build again; if it happens again, build with -p:MobileQuantVerbosity=detailed.");
    }

    private string WriteResponseFile()
    {
        string path = Model.GetMetadata(ModelMetadata.ResponseFile);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        CacheSettings cache = new()
        {
            Directory = CacheDirectory,
            UseCache = UseCache,
            Force = Force,
            Remote = RemoteCache,
            RemoteReadOnly = RemoteCacheReadOnly,
            RequireCached = RequireCached,
            Offline = Offline,
        };
        File.WriteAllLines(path, ToolArguments.Of(Model, ProjectDirectory, cache, Parallelism), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return path;
    }

    private string FindHost() =>
        new[] { DotNetHostPath, Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? string.Empty, "dotnet" }.First(path => path.Length > 0);
}
