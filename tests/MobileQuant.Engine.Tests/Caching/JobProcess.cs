using System.Diagnostics;
using System.Globalization;

namespace MobileQuant.Tests.Caching;

/// <summary>A job in a process of its own, with everything real but the producer.</summary>
internal sealed class JobProcess : IDisposable
{
    private readonly Process _process;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private JobProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts it.</summary>
    /// <param name="folder">Holds the folders <c>model</c> and <c>store</c>.</param>
    /// <param name="output">The artifact to make.</param>
    /// <param name="seed">Decides the key.</param>
    /// <param name="pause">Milliseconds between the 32 parts of an artifact.</param>
    public static JobProcess Start(TemporaryFolder folder, string output, int seed, int pause) => new(Process.Start(new ProcessStartInfo(
        "dotnet",
        [
            Path.Combine(AppContext.BaseDirectory, "mobilequant-job-host.dll"), folder["model"], output, folder["store"],
            seed.ToString(CultureInfo.InvariantCulture), pause.ToString(CultureInfo.InvariantCulture),
        ])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!);

    /// <summary>Kills it, as the system would, unless it ends before.</summary>
    /// <param name="delay">When.</param>
    /// <returns>How long it took, where it came to its end.</returns>
    public TimeSpan? KillAfter(TimeSpan delay)
    {
        bool ended = _process.WaitForExit(delay);
        TimeSpan took = _clock.Elapsed;
        _process.Kill();
        _process.WaitForExit();
        return ended ? took : null;
    }

    /// <summary>Waits for the end, which must be good.</summary>
    /// <returns>The key, and "hit" or why it was a miss.</returns>
    public (string Key, string Reason) Result()
    {
        Assert.True(_process.WaitForExit(TimeSpan.FromMinutes(2)));
        string[] lines = _output.Result.Split(Environment.NewLine);
        Assert.True(_process.ExitCode == 0, _error.Result);
        return (lines[0], lines[1]);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}
