using MobileQuant.Build.Tests.Infrastructure;

namespace MobileQuant.Build.Tests;

/// <summary>How a build hands the settings of the remote cache to the tool.</summary>
public sealed class RemoteCacheTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Properties_reach_the_tool_and_change_nothing_that_is_made()
    {
        _work.WriteCheckpoint("tiny");
        string app = _work.WriteApp("""<QuantizedModel Include="../tiny" />""");
        string response = Path.Combine(app, "obj", "Debug", "net10.0", "mobilequant", "tiny", "tiny.rsp");
        string[] flags = ["--remote-cache-read-only", "--require-cached", "--offline"];

        _work.Build(app).Succeeded();
        Assert.Equal(["tiny"], _work.TakeRuns());
        Assert.Empty(File.ReadAllLines(response).Intersect([.. flags, "--remote-cache", "--threads"]));

        string[] properties = ["-p:MobileQuantRemoteCache=../my share", "-p:MobileQuantRemoteCacheReadOnly=true", "-p:MobileQuantRequireCached=true", "-p:MobileQuantOffline=true", "-p:MobileQuantParallelism=3"];
        _work.Build(app, ["--no-restore", .. properties]).Succeeded();
        Assert.Empty(_work.TakeRuns());

        CommandResult forced = _work.Build(app, ["--no-restore", "-p:MobileQuantForce=true", .. properties]).Succeeded();
        Assert.Equal(["tiny"], _work.TakeRuns());
        string[] arguments = File.ReadAllLines(response);
        Assert.Equal(flags, arguments.Intersect(flags));
        Assert.Equal(Path.Combine(_work.Root, "my share"), arguments[Array.IndexOf(arguments, "--remote-cache") + 1]);
        Assert.Equal("3", arguments[Array.IndexOf(arguments, "--threads") + 1]);
        Assert.DoesNotContain("changed since the last build", forced.Output, StringComparison.Ordinal);

        _work.Build(app, "--no-restore", "-p:MobileQuantForce=true", "-p:MobileQuantRemoteCache=redis://user@cache.example:6379/0").Succeeded();
        arguments = File.ReadAllLines(response);
        Assert.Equal("redis://user@cache.example:6379/0", arguments[Array.IndexOf(arguments, "--remote-cache") + 1]);
    }

    [Fact]
    public void A_password_in_the_property_is_an_error_that_does_not_repeat_it()
    {
        _work.WriteCheckpoint("tiny");
        string app = _work.WriteApp("""<QuantizedModel Include="../tiny" />""");
        CommandResult result = _work.Build(app, "-p:MobileQuantRemoteCache=redis://:hush-hush@cache.example:6379/0").Failed();

        Assert.Contains("error MQ4013", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hush-hush", result.Output, StringComparison.Ordinal);
        Assert.Empty(_work.TakeRuns());
        Assert.Empty(Directory.GetFiles(app, "*.rsp", SearchOption.AllDirectories));
    }
}
