using System.Diagnostics;
using System.Runtime.Intrinsics.X86;

namespace MobileQuant.Tests.Kernels;

/// <summary>The self-check of the kernels in processes that may not use all instructions of this processor.</summary>
public class ReducedInstructionSetTests
{
    [Theory]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public void A_process_without_the_instructions_falls_back_and_agrees(string setting)
    {
        string output = Check(setting);

        Assert.Contains("scalar", output);
        Assert.DoesNotContain("avx2", output);
    }

    [Fact]
    public void A_process_with_all_instructions_checks_the_best_kernel() =>
        Assert.Equal(Avx2.IsSupported, Check("MOBILEQUANT_UNUSED").Contains("avx2"));

    private static string Check(string setting)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "MobileQuant.Bench.dll"), "check", "30" },
            Environment = { [setting] = "0" },
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);
        return output;
    }
}
