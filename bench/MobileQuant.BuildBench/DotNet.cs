using System.Diagnostics;

namespace MobileQuant.BuildBench;

/// <summary>Runs `dotnet` in an environment that is the same every time.</summary>
internal static class DotNet
{
    /// <summary>Runs a command, which must succeed.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="variables">Added to the environment.</param>
    /// <param name="arguments">The command.</param>
    /// <returns>All that it said, and how long it took from start to end.</returns>
    public static (string Output, double Seconds) Run(string directory, IReadOnlyDictionary<string, string> variables, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // `dotnet run` hands on settings of the build that it did itself, and a user's own would be measured along.
        foreach (string name in start.Environment.Keys.Where(IsSetting).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["MSBUILDTERMINALLOGGER"] = "off";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        long began = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + error.Result;
        process.WaitForExit();
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return process.ExitCode == 0 ? (output, seconds) : throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)} failed:\n{output}");
    }

    private static bool IsSetting(string name) =>
        name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("MOBILEQUANT_CACHE", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("MOBILEQUANT_REMOTE", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("MobileQuant", StringComparison.Ordinal);
}
