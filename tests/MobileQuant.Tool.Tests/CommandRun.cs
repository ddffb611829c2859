using System.Text.Json;

namespace MobileQuant.Tool.Tests;

/// <summary>What one in-process run of the tool gave.</summary>
internal sealed record CommandRun(int ExitCode, string Out, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    public JsonElement[] Lines => [.. Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    public static Task<CommandRun> Of(params string[] args) => WithInput("", args);

    public static async Task<CommandRun> WithInput(string input, params string[] args)
    {
        using StringReader stdin = new(input);
        using StringWriter output = new();
        using StringWriter error = new();
        int exitCode = await MobileQuantCommand.InvokeAsync(args, stdin, output, error);
        return new(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Asserts that this is a failure in the shape that <c>--json</c> promises.</summary>
    public void IsError(int exitCode, string code)
    {
        Assert.True(exitCode == ExitCode, $"exit code {ExitCode}\n{Out}\n{Error}");
        JsonElement error = Json.GetProperty("error");
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.Equal(["error"], Json.EnumerateObject().Select(member => member.Name));
    }
}
