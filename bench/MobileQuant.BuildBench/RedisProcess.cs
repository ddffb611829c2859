using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MobileQuant.BuildBench;

/// <summary>A redis-server of our own on a loopback port, where there is one to start.</summary>
internal sealed class RedisProcess : IDisposable
{
    private const int Attempts = 5;

    private readonly Process? _process;

    /// <param name="folder">Where it may write.</param>
    public RedisProcess(string folder)
    {
        if (Executable() is not { } executable)
        {
            Problem = "redis-server is not on the path";
            return;
        }

        Directory.CreateDirectory(folder);

        // Another program may take the port between finding and using it.
        for (int attempt = 0; _process is null && attempt < Attempts; attempt++)
        {
            int port = FreePort();
            _process = Start(executable, port, folder);
            Address = _process is null ? null : string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{port}/0");
        }

        Problem = _process is null ? "redis-server does not start" : null;
    }

    /// <summary>Its address, or null.</summary>
    public string? Address { get; }

    /// <summary>Why there is none, or null.</summary>
    public string? Problem { get; }

    /// <summary>What a client needs in its environment.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string> { ["MOBILEQUANT_REMOTE_CACHE_PASSWORD"] = Password };

    // Others of this machine reach the port too.
    private string Password { get; } = Guid.NewGuid().ToString("N");

    /// <inheritdoc/>
    public void Dispose()
    {
        _process?.Kill();
        _process?.WaitForExit();
        _process?.Dispose();
    }

    private static string? Executable() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => (string[])[Path.Combine(folder, "redis-server"), Path.Combine(folder, "redis-server.exe")])
            .FirstOrDefault(File.Exists);

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Process? Start(string executable, int port, string folder)
    {
        string[] arguments = ["--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--requirepass", Password, "--save", "", "--appendonly", "no", "--dir", folder];
        Process process = Process.Start(new ProcessStartInfo(executable, arguments) { RedirectStandardOutput = true })!;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal))
            {
                // What it goes on to say must not fill the pipe.
                _ = process.StandardOutput.ReadToEndAsync();
                return process;
            }
        }

        process.WaitForExit();
        process.Dispose();
        return null;
    }
}
