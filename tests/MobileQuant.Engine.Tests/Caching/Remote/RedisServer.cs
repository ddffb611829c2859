using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MobileQuant.Caching.Remote;

namespace MobileQuant.Tests.Caching.Remote;

/// <summary>A real redis-server on a loopback port, with a password, for the tests of one class.</summary>
public sealed class RedisServer : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Process? _process;
    private readonly ServerCertificate? _certificate;

    /// <summary>Starts it, where there is one to start.</summary>
    public RedisServer()
        : this(null)
    {
    }

    /// <param name="certificate">What it encrypts with; null: it does not.</param>
    internal RedisServer(ServerCertificate? certificate)
    {
        _certificate = certificate;
        if (RedisFactAttribute.Executable is not { } executable)
        {
            return;
        }

        // Another program may take the port between finding and using it.
        for (int attempt = 0; _process is null; attempt++)
        {
            Port = FreePort();
            _process = Start(executable);
            Assert.True(_process is not null || attempt < 5, "redis-server does not start");
        }
    }

    /// <summary>A word that is nowhere else.</summary>
    public string Password { get; } = "hush" + Guid.NewGuid().ToString("N");

    public int Port { get; private set; }

    /// <summary>The address without the password.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"{(_certificate is null ? "redis" : "rediss")}://127.0.0.1:{Port}/1");

    /// <inheritdoc/>
    public void Dispose()
    {
        _process?.Kill();
        _process?.WaitForExit();
        _process?.Dispose();
        _folder.Dispose();
    }

    /// <summary>A connection of its own, as a job opens one.</summary>
    internal RedisRemoteStore Connect(string? password = null, string user = "default") => Assert.IsType<RedisRemoteStore>(
        RemoteLocation.Open(Address.Replace("//", $"//{user}@", StringComparison.Ordinal), name => name == RemoteLocation.PasswordVariable ? password ?? Password : null, TimeSpan.FromSeconds(30)));

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Process? Start(string executable)
    {
        string port = Port.ToString(CultureInfo.InvariantCulture);
        string[] listening = _certificate is null ? ["--port", port]
            : ["--port", "0", "--tls-port", port, "--tls-cert-file", _certificate.Path, "--tls-key-file", _certificate.KeyPath, "--tls-ca-cert-file", _certificate.Path, "--tls-auth-clients", "no"];
        string[] arguments = [.. listening, "--bind", "127.0.0.1", "--requirepass", Password, "--save", "", "--appendonly", "no", "--user", "reader", "on", ">" + Password, "~*", "+@read", "+@connection", "--dir", _folder.Path];
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
