using System.Collections;
using Microsoft.Build.Framework;

namespace MobileQuant.Build.Tests.Infrastructure;

/// <summary>Receives what a task logs.</summary>
internal sealed class RecordingBuildEngine : IBuildEngine
{
    public List<BuildErrorEventArgs> Errors { get; } = [];

    public List<BuildWarningEventArgs> Warnings { get; } = [];

    public List<BuildMessageEventArgs> Messages { get; } = [];

    public bool ContinueOnError => false;

    public int LineNumberOfTaskNode => 0;

    public int ColumnNumberOfTaskNode => 0;

    public string ProjectFileOfTaskNode => string.Empty;

    public void LogErrorEvent(BuildErrorEventArgs e) => Add(Errors, e);

    public void LogWarningEvent(BuildWarningEventArgs e) => Add(Warnings, e);

    public void LogMessageEvent(BuildMessageEventArgs e) => Add(Messages, e);

    public void LogCustomEvent(CustomBuildEventArgs e)
    {
    }

    public bool BuildProjectFile(string projectFileName, string[] targetNames, IDictionary globalProperties, IDictionary targetOutputs) =>
        throw new NotSupportedException("these tasks build no projects");

    private static void Add<T>(List<T> list, T e)
    {
        lock (list)
        {
            list.Add(e);
        }
    }
}
