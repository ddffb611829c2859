using System.Text.RegularExpressions;
using Log = Microsoft.Build.Logging.StructuredLogger;

namespace MobileQuant.Build.Tests.Infrastructure;

/// <summary>What a build did, read from its binary log: what ran, not what was said about it.</summary>
internal sealed partial class BuildRecord
{
    private BuildRecord(Log.Build build)
    {
        Log.Task[] tasks = [.. build.FindChildrenRecursive<Log.Task>()];
        Tasks = [.. tasks.Select(task => task.Name).Distinct()];
        (string Name, bool WasMade)[] models = [.. tasks.Where(task => task.Name == nameof(QuantizeModel)).Select(Read)];
        Asked = [.. models.Select(model => model.Name)];
        Made = [.. models.Where(model => model.WasMade).Select(model => model.Name)];
        Messages = [.. build.FindChildrenRecursive<Log.Message>().Select(message => message.Text)];
    }

    /// <summary>Names of the tasks that ran, each once.</summary>
    public IReadOnlyList<string> Tasks { get; }

    /// <summary>Models that the tool was started for, in the order of the starts.</summary>
    public IReadOnlyList<string> Asked { get; }

    /// <summary>Those of them that it made, while the others came from the store.</summary>
    public IReadOnlyList<string> Made { get; }

    /// <summary>All messages of the log, of whatever importance.</summary>
    public IReadOnlyList<string> Messages { get; }

    public static BuildRecord Read(string path)
    {
        Assert.True(File.Exists(path), path);
        return new BuildRecord(Log.BinaryLog.ReadBuild(path));
    }

    private static (string Name, bool WasMade) Read(Log.Task task)
    {
        Match result = task.FindChildrenRecursive<Log.Message>().Select(message => Result().Match(message.Text)).Single(match => match.Success);
        return (result.Groups[1].Value, result.Groups[2].Value == "quantized");
    }

    [GeneratedRegex(@"^MobileQuant: (.+): (quantized|from the store|from the remote cache) in [0-9.]+ s")]
    private static partial Regex Result();
}
