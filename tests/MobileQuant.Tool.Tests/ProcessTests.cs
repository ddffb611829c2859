using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using MobileQuant.Caching;
using MobileQuant.Tests;

namespace MobileQuant.Tool.Tests;

/// <summary>What only a real process shows. A lock held by the test keeps the tool at work for as long as the test needs.</summary>
public sealed class ProcessTests : IDisposable
{
    private const int Interrupt = 2;

    private readonly PrimedStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public void The_tool_ends_within_two_seconds_of_its_parent_and_leaves_nothing()
    {
        using Process parent = StartSleeper();
        using StoreLock held = HoldLock();
        using ToolProcess tool = new(AppContext.BaseDirectory, _store.Arguments("--events", "--parent", parent.Id.ToString(CultureInfo.InvariantCulture)));
        Assert.True(tool.ReadTo("\"step\":\"wait\""));

        parent.Kill();

        // Two seconds from the parent's end, and some more for a machine that is busy with other tests.
        Assert.True(tool.WaitForExit(TimeSpan.FromSeconds(5)));
        Assert.Equal(ExitCodes.Cancelled, tool.ExitCode);
        Assert.True(tool.ReadTo("MQ1099"));
        AssertNothingLeft();
    }

    [Fact]
    public void An_interrupt_ends_the_tool_in_order()
    {
        if (OperatingSystem.IsWindows())
        {
            // There is no way to send Ctrl-C to one process only.
            return;
        }

        using StoreLock held = HoldLock();
        using ToolProcess tool = new(AppContext.BaseDirectory, _store.Arguments("--events"));
        Assert.True(tool.ReadTo("\"step\":\"wait\""));

        Assert.Equal(0, Kill(tool.Id, Interrupt));

        Assert.True(tool.WaitForExit(TimeSpan.FromSeconds(5)));
        Assert.Equal(ExitCodes.Cancelled, tool.ExitCode);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("tpu")]
    [InlineData("cuda")]
    public void A_device_that_is_not_there_is_an_error(string device)
    {
        // The libtorch that tests fetch has no CUDA.
        Dictionary<string, string> variables = new() { ["MOBILEQUANT_DEVICE"] = device };
        using ToolProcess tool = new(
            AppContext.BaseDirectory, variables, "quantize", SharedData.DefaultModel, "-o", _store.Output, "--cache-directory", _store.Store, "--events");

        Assert.True(tool.ReadTo("MQ9004"));
        Assert.True(tool.WaitForExit(TimeSpan.FromSeconds(30)));
        Assert.Equal(ExitCodes.Failure, tool.ExitCode);
        AssertNothingLeft();
    }

    [Fact]
    public void A_named_folder_without_libtorch_is_an_error()
    {
        Dictionary<string, string> variables = new() { ["MOBILEQUANT_LIBTORCH"] = _store.Folder["nothing"] };
        using ToolProcess tool = new(
            AppContext.BaseDirectory, variables, "quantize", SharedData.DefaultModel, "-o", _store.Output, "--cache-directory", _store.Store, "--events");

        Assert.True(tool.ReadTo("MQ9002"));
        Assert.True(tool.WaitForExit(TimeSpan.FromSeconds(30)));
        Assert.Equal(ExitCodes.Failure, tool.ExitCode);
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_hit_needs_no_tensor_library()
    {
        await _store.FillAsync();
        string tool = _store.Folder["tool"];
        Directory.CreateDirectory(tool);
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory, "*.dll").Append(Path.Combine(AppContext.BaseDirectory, "mobilequant.runtimeconfig.json")))
        {
            if (!Path.GetFileName(file).StartsWith("TorchSharp", StringComparison.Ordinal))
            {
                File.Copy(file, Path.Combine(tool, Path.GetFileName(file)));
            }
        }

        using ToolProcess process = new(tool, _store.Arguments("--events"));

        Assert.True(process.ReadTo("\"cache\":\"hit\""));
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)));
        Assert.Equal(0, process.ExitCode);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);

    private static Process StartSleeper() =>
        OperatingSystem.IsWindows() ? Process.Start("ping", ["-n", "120", "127.0.0.1"]) : Process.Start("sleep", ["120"]);

    private StoreLock HoldLock()
    {
        ContentStore store = ContentStore.Open(_store.Store);
        return store.Lock(_store.Key, "a test", null, default);
    }

    private void AssertNothingLeft()
    {
        Assert.False(File.Exists(_store.Output));
        Assert.Empty(_store.Folder.Files("out dir"));
        Assert.Empty(_store.Folder.Files("store/building"));
        Assert.Empty(_store.Folder.Files("store/entries"));
    }
}
