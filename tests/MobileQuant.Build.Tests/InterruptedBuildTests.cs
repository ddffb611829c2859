using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using MobileQuant.Build.Tests.Infrastructure;

namespace MobileQuant.Build.Tests;

/// <summary>Builds that end in the middle of quantizing, with the real tool at work: it ends too, and the next build is right.</summary>
[Collection(nameof(SharedPackages))]
public sealed class InterruptedBuildTests(PackagedSample packaged)
{
    private const int Interrupt = 2;
    private const int Kill = 9;

    [Fact]
    public void A_cancelled_build_ends_the_tool_and_the_next_build_is_right() => Check("Cancelled", Interrupt);

    [Fact]
    public void A_killed_build_ends_the_tool_and_the_next_build_is_right() => Check("Killed", Kill);

    private void Check(string name, int signal)
    {
        if (OperatingSystem.IsWindows())
        {
            // There are no signals to send.
            return;
        }

        // The cheapest recipe, and a store of its own: what this leaves there must not be what other tests are compared with.
        string sample = packaged.CopyAs(name);
        string store = Path.Combine(packaged.Root, "store-" + name);
        Workspace.Edit(Path.Combine(sample, "StoryTeller.csproj"), "stories-llama-2m\"", "stories-llama-2m\" Recipe=\"RoundToNearest\"");
        Commands.DotNet(packaged.Root, store, "restore", "--nologo", sample).Succeeded();

        using (Process build = Commands.Start(packaged.Root, store, "build", "--nologo", "--no-restore", "-m:1", sample))
        {
            using Process tool = FindTool(build, store);
            Assert.Equal(0, Send(build.Id, signal));

            // Two seconds from the build's end, and many more for a machine that is busy with other tests: quantizing would take longer.
            Assert.True(tool.WaitForExit(TimeSpan.FromSeconds(20)));
            Assert.True(build.WaitForExit(TimeSpan.FromSeconds(60)));
            Assert.NotEqual(0, build.ExitCode);
        }

        Assert.Empty(Directory.GetFiles(sample, "*.safetensors", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(sample, "*.stamp", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(sample, "*.mqtmp", SearchOption.AllDirectories));
        Assert.Empty(Files(store, "entries", "*"));

        CommandResult next = Commands.DotNet(packaged.Root, store, "build", "--nologo", "--no-restore", sample).Succeeded();
        Assert.Matches(@"MobileQuant: stories-llama-2m: quantized in ", next.Output);
        Assert.Single(Files(store, "entries", "entry.json"));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(store, "building")));
        CommandResult run = Commands.DotNet(packaged.Root, store, "run", "--no-build", "--project", sample).Succeeded();
        Assert.StartsWith("Once upon a time", run.StandardOutput, StringComparison.Ordinal);
    }

    /// <summary>Waits until the tool makes something: it holds a lock of the store and has a folder of unfinished work.</summary>
    private static Process FindTool(Process build, string store)
    {
        while (true)
        {
            Assert.False(build.HasExited, "the build ended before its tool was found");
            if (Files(store, "locks", "*.owner").FirstOrDefault() is { } owner
                && Directory.EnumerateFileSystemEntries(Path.Combine(store, "building")).Any()
                && TryReadPid(owner) is { } pid)
            {
                return Process.GetProcessById(pid);
            }

            Thread.Sleep(20);
        }
    }

    private static int? TryReadPid(string owner)
    {
        try
        {
            using JsonDocument read = JsonDocument.Parse(File.ReadAllBytes(owner));
            return read.RootElement.GetProperty("pid").GetInt32();
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            // Being written just now.
            return null;
        }
    }

    private static IEnumerable<string> Files(string store, string folder, string pattern)
    {
        string path = Path.Combine(store, folder);
        return Directory.Exists(path) ? Directory.EnumerateFiles(path, pattern, SearchOption.AllDirectories) : [];
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Send(int pid, int signal);
}
