using System.Text.Json;
using MobileQuant.Tests.Caching;

namespace MobileQuant.Tool.Tests;

public sealed class DoctorCommandTests
{
    [Fact]
    public async Task Doctor_tells_the_kernel_the_store_and_the_state_of_TorchSharp()
    {
        using TemporaryFolder folder = new();

        CommandRun run = await CommandRun.Of("doctor", "--json", "--cache-directory", folder["store"]);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains(run.Json.GetProperty("kernelPath").GetString(), run.Json.GetProperty("kernels").EnumerateArray().Select(kernel => kernel.GetString()));
        Assert.Equal(folder["store"], run.Json.GetProperty("store").GetProperty("directory").GetString());
        Assert.NotEmpty(run.Json.GetProperty("torch").GetProperty("torchSharpVersion").GetString()!);
        Assert.Equal(JsonValueKind.Array, run.Json.GetProperty("instructionSets").ValueKind);
    }

    [Fact]
    public async Task A_store_that_cannot_be_used_is_told_and_is_no_failure()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("file", "not a folder");

        CommandRun run = await CommandRun.Of("doctor", "--json", "--cache-directory", Path.Combine(file, "store"));

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("cannot be used", run.Json.GetProperty("store").GetProperty("problem").GetString(), StringComparison.Ordinal);
    }
}
