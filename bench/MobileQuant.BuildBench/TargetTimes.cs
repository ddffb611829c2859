using System.Globalization;
using Microsoft.Build.Framework;

namespace MobileQuant.BuildBench;

/// <summary>
/// Runs inside MSBuild and writes down how long each target of ours took, one a line: its name and microseconds. MSBuild's own summary
/// rounds every target to milliseconds, which is more than most of them take.
/// </summary>
public sealed class TargetTimes : ILogger
{
    private const string TargetsFile = "MobileQuant.targets";

    private readonly Dictionary<(int Node, int Project, int Target), DateTime> _started = [];
    private readonly List<string> _lines = [];

    /// <inheritdoc/>
    public LoggerVerbosity Verbosity { get; set; } = LoggerVerbosity.Normal;

    /// <summary>The file to write.</summary>
    public string? Parameters { get; set; }

    /// <inheritdoc/>
    public void Initialize(IEventSource eventSource)
    {
        ArgumentNullException.ThrowIfNull(eventSource);
        eventSource.TargetStarted += (_, e) =>
        {
            if (IsOurs(e.TargetFile))
            {
                _started[KeyOf(e.BuildEventContext!)] = e.Timestamp;
            }
        };
        eventSource.TargetFinished += (_, e) =>
        {
            if (_started.Remove(KeyOf(e.BuildEventContext!), out DateTime started))
            {
                _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{e.TargetName} {(e.Timestamp - started).TotalMicroseconds:0}"));
            }
        };
    }

    /// <inheritdoc/>
    public void Shutdown() => File.WriteAllLines(Parameters!, _lines);

    private static bool IsOurs(string file) => Path.GetFileName(file) == TargetsFile;

    private static (int Node, int Project, int Target) KeyOf(BuildEventContext context) => (context.NodeId, context.ProjectContextId, context.TargetId);
}
