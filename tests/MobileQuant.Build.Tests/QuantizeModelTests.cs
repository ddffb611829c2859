using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using MobileQuant.Build.Models;
using MobileQuant.Build.Tests.Infrastructure;
using Task = System.Threading.Tasks.Task;

namespace MobileQuant.Build.Tests;

/// <summary>The task by itself: cancelling, progress, help links.</summary>
public sealed partial class QuantizeModelTests : IDisposable
{
    private readonly Workspace _work = new();
    private readonly RecordingBuildEngine _engine = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public async Task Cancel_ends_the_tool_at_once_and_leaves_no_artifact()
    {
        QuantizeModel task = TaskFor("slow");
        Task<bool> running = Task.Run(task.Execute);
        string pidFile = Path.Combine(_work.Store, "slow.pid");
        int pid = 0;
        while (pid == 0)
        {
            Assert.False(running.IsCompleted, string.Join('\n', _engine.Errors.Select(error => error.Message)));
            await Task.Delay(50);
            pid = File.Exists(pidFile) && int.TryParse(await File.ReadAllTextAsync(pidFile), out int read) ? read : 0;
        }

        using Process tool = Process.GetProcessById(pid);
        task.Cancel();

        Assert.False(await running.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(tool.WaitForExit(TimeSpan.FromSeconds(20)));
        Assert.Empty(_engine.Errors);
        Assert.False(File.Exists(task.Model.GetMetadata(ModelMetadata.OutputFile)));
        Assert.False(File.Exists(task.Model.GetMetadata(ModelMetadata.StampFile)));
    }

    [Fact]
    public void A_task_cancelled_before_it_starts_starts_nothing()
    {
        QuantizeModel task = TaskFor("plain");
        task.Cancel();
        Assert.False(task.Execute());
        Assert.Empty(_work.TakeRuns());
    }

    [Fact]
    public void Diagnostics_of_the_tool_link_to_their_page()
    {
        Assert.False(TaskFor("fail").Execute());
        BuildErrorEventArgs error = Assert.Single(_engine.Errors);
        Assert.Equal("MQ2003", error.Code);
        Assert.Equal(new Uri(Path.Combine(_work.Root, "error pages", "MQ2003.md")).AbsoluteUri, error.HelpLink);
        Assert.Equal(Path.Combine(_work.Root, "App.csproj"), error.File);
    }

    [Fact]
    public void Detailed_tells_all_and_quiet_tells_nothing_aloud()
    {
        QuantizeModel detailed = TaskFor("plain");
        detailed.Verbosity = "detailed";
        Assert.True(detailed.Execute());
        Assert.Contains(_engine.Messages, message => message.Importance == MessageImportance.High && message.Message == "MobileQuant: tiny: quantizing");
        Assert.Contains(_engine.Messages, message => message.Importance == MessageImportance.High && Fingerprint().IsMatch(message.Message!));

        // For -v:detailed and for binary logs.
        _engine.Messages.Clear();
        Assert.True(TaskFor("plain").Execute());
        Assert.Contains(_engine.Messages, message => message.Importance == MessageImportance.Low && Fingerprint().IsMatch(message.Message!));

        _engine.Messages.Clear();
        QuantizeModel quiet = TaskFor("plain");
        quiet.Verbosity = "quiet";
        Assert.True(quiet.Execute());
        Assert.DoesNotContain(_engine.Messages, message => message.Importance == MessageImportance.High);
    }

    // The digest is that of the text.
    [GeneratedRegex("^MobileQuant: tiny: fingerprint: --precision b8b1d3d2bc9f W8A8$")]
    private static partial Regex Fingerprint();

    private QuantizeModel TaskFor(string behaviour)
    {
        _work.WriteCheckpoint("tiny", behaviour);
        string folder = Path.Combine(_work.Root, "obj", "tiny");
        TaskItem model = new(Path.Combine(_work.Root, "tiny"));
        foreach ((string name, string value) in new[]
        {
            (ModelMetadata.Name, "tiny"), (ModelMetadata.Recipe, "SmoothQuant"), (ModelMetadata.Precision, "W8A8"),
            (ModelMetadata.Activations, "token"), (ModelMetadata.TargetDevice, "cpu"), (ModelMetadata.WideSites, "auto"), (ModelMetadata.Prefix, "none"), (ModelMetadata.Weights, "default"), (ModelMetadata.Granularity, "channel"),
            (ModelMetadata.Rounding, "default"), (ModelMetadata.Seed, "1"),
            (ModelMetadata.OutputFile, Path.Combine(folder, "tiny.mq.safetensors")), (ModelMetadata.StampFile, Path.Combine(folder, "tiny.stamp")),
            (ModelMetadata.ResponseFile, Path.Combine(folder, "tiny.rsp")), (ModelMetadata.SettingsFile, Path.Combine(folder, "tiny.settings")),
        })
        {
            model.SetMetadata(name, value);
        }

        return new QuantizeModel
        {
            BuildEngine = _engine,
            Model = model,
            ToolPath = Repository.StandInTool,
            ProjectDirectory = _work.Root,
            ProjectFile = Path.Combine(_work.Root, "App.csproj"),
            CacheDirectory = _work.Store,
            HelpLinkBase = Path.Combine(_work.Root, "error pages") + Path.DirectorySeparatorChar,
        };
    }
}
