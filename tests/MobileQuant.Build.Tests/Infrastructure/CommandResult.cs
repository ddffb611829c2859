namespace MobileQuant.Build.Tests.Infrastructure;

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">0: good.</param>
/// <param name="Output">Standard output and standard error, as they came.</param>
/// <param name="StandardOutput">Standard output alone.</param>
internal sealed record CommandResult(int ExitCode, string Output, string StandardOutput)
{
    /// <summary>Fails the test with the whole output unless the program succeeded.</summary>
    public CommandResult Succeeded()
    {
        Assert.True(ExitCode == 0, Output);
        return this;
    }

    /// <summary>Fails the test with the whole output if the program succeeded.</summary>
    public CommandResult Failed()
    {
        Assert.True(ExitCode != 0, Output);
        return this;
    }
}
