namespace MobileQuant.Tool.Tests;

public sealed class HelpTests
{
    [Theory]
    [InlineData("quantize")]
    [InlineData("run")]
    [InlineData("eval")]
    [InlineData("compare")]
    [InlineData("harden")]
    [InlineData("inspect")]
    [InlineData("bench")]
    [InlineData("doctor")]
    [InlineData("cache")]
    public async Task Every_command_has_help_with_examples(string command)
    {
        CommandRun run = await CommandRun.Of(command, "--help");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Examples:", run.Out, StringComparison.Ordinal);
        Assert.Contains($"mobilequant {command}", run.Out, StringComparison.Ordinal);
        Assert.Contains(command, (await CommandRun.Of("--help")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_at_all_and_an_unknown_command_are_usage_errors()
    {
        Assert.Equal(2, (await CommandRun.Of()).ExitCode);
        (await CommandRun.Of("quantise", "--json")).IsError(2, "MQ1001");
    }
}
