using System.Globalization;

namespace MobileQuant.Caching.Remote;

/// <summary>What an address of a remote cache means. No error repeats an address that may hold a password.</summary>
internal static class RemoteLocation
{
    /// <summary>Environment variable with the address; the one place where an address may hold a password.</summary>
    public const string AddressVariable = "MOBILEQUANT_REMOTE_CACHE";

    /// <summary>Environment variable with the password of a Redis server.</summary>
    public const string PasswordVariable = "MOBILEQUANT_REMOTE_CACHE_PASSWORD";

    /// <summary>Environment variable with the seconds that one answer may take.</summary>
    public const string TimeoutVariable = "MOBILEQUANT_REMOTE_CACHE_TIMEOUT";

    private const int RedisPort = 6379;

    private const string Expected = "Use redis://host:port/database, rediss:// for an encrypted connection, file:///folder, or the absolute path of a folder.";

    /// <summary>Opens the remote cache that is configured; nothing is asked yet.</summary>
    /// <param name="configured">What the user asked for, or null.</param>
    /// <param name="environment">Reads a variable of the environment.</param>
    /// <param name="timeout">For connecting and for each answer of a server.</param>
    /// <returns>The configured one, else that of <see cref="AddressVariable"/>, else null; to be disposed where it can be.</returns>
    /// <exception cref="MobileQuantException">MQ4012: no address of a remote cache; MQ4013: a password where it would be seen.</exception>
    public static IRemoteStore? Open(string? configured, Func<string, string?> environment, TimeSpan timeout)
    {
        bool isConfigured = !string.IsNullOrWhiteSpace(configured);
        string? address = (isConfigured ? configured : environment(AddressVariable))?.Trim();
        if (string.IsNullOrEmpty(address))
        {
            return null;
        }

        if (!address.Contains("://", StringComparison.Ordinal))
        {
            return Path.IsPathFullyQualified(address) ? new FolderRemoteStore(Path.GetFullPath(address)) : throw Unknown(address, isConfigured, "it is neither an address nor an absolute path");
        }

        if (isConfigured && HoldsPassword(address))
        {
            throw new MobileQuantException(
                "MQ4013",
                "The address of the remote cache holds a password, which command lines, build logs and project files show to others.",
                $"Leave it out of the address and set it as {PasswordVariable}, or give the whole address as {AddressVariable}; both are read from the environment only.");
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri))
        {
            throw Unknown(address, isConfigured, "it is no address");
        }

        return uri.Scheme switch
        {
            "file" => uri.Host.Length == 0 || OperatingSystem.IsWindows()
                ? new FolderRemoteStore(Path.GetFullPath(uri.LocalPath))
                : throw Unknown(address, isConfigured, "a file address of this system names no host: it begins with file:///"),
            "redis" or "rediss" => new RedisRemoteStore(ReadRedis(uri, address, isConfigured, environment(PasswordVariable)), timeout),
            _ => throw Unknown(address, isConfigured, "its scheme is none of redis, rediss and file"),
        };
    }

    /// <summary>How long one answer may take.</summary>
    /// <param name="environment">Reads a variable of the environment.</param>
    /// <param name="otherwise">Where nothing is set.</param>
    /// <exception cref="MobileQuantException">MQ1003: the variable holds something else than seconds.</exception>
    public static TimeSpan ResolveTimeout(Func<string, string?> environment, TimeSpan otherwise)
    {
        string? text = environment(TimeoutVariable);
        return string.IsNullOrWhiteSpace(text) ? otherwise
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0.1 and <= 3600 ? TimeSpan.FromSeconds(seconds)
            : throw new MobileQuantException("MQ1003", $"{TimeoutVariable} is '{text}'; expected seconds from 0.1 to 3600.", "Set it to a number such as 10, or unset it.");
    }

    private static RedisLocation ReadRedis(Uri uri, string address, bool isConfigured, string? password)
    {
        // A password with unescaped signs would be cut apart, and its pieces taken for host, port and path.
        if (uri.Host.Length == 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0 || (uri.UserInfo.Length == 0 && address.Contains('@', StringComparison.Ordinal)))
        {
            throw Unknown(address, isConfigured, "it is not of the form redis://[user:password@]host:port[/database]; signs such as / # ? @ in a password are written as %2F %23 %3F %40");
        }

        string path = uri.AbsolutePath.Trim('/');
        int database = 0;
        if (path.Length > 0 && !(int.TryParse(path, NumberStyles.None, CultureInfo.InvariantCulture, out database) && database <= 1_000_000))
        {
            throw Unknown(address, isConfigured, "what follows the host is not the number of a database");
        }

        int colon = uri.UserInfo.IndexOf(':', StringComparison.Ordinal);
        string user = Uri.UnescapeDataString(colon < 0 ? uri.UserInfo : uri.UserInfo[..colon]);
        string? own = colon < 0 ? null : Uri.UnescapeDataString(uri.UserInfo[(colon + 1)..]);
        return new(
            uri.DnsSafeHost,
            uri.Port > 0 ? uri.Port : RedisPort,
            database,
            uri.Scheme == "rediss",
            user.Length == 0 ? null : user,
            string.IsNullOrEmpty(password) ? own : password);
    }

    // By text, since what does not parse may still hold one.
    private static bool HoldsPassword(string address)
    {
        int start = address.IndexOf("://", StringComparison.Ordinal) + 3;
        int end = address.LastIndexOf('@');
        return end > start && !address.StartsWith("file:", StringComparison.OrdinalIgnoreCase) && address.AsSpan(start, end - start).Contains(':');
    }

    private static MobileQuantException Unknown(string address, bool isConfigured, string why) => new(
        "MQ4012",
        isConfigured && !address.Contains('@', StringComparison.Ordinal)
            ? $"'{address}' cannot be used as a remote cache: {why}."
            : $"The address of the remote cache{(isConfigured ? "" : $" in {AddressVariable}")} cannot be used: {why}.",
        Expected);
}
