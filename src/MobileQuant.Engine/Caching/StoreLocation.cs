using System.Globalization;

namespace MobileQuant.Caching;

/// <summary>Where the store lies and how large it may grow.</summary>
public static class StoreLocation
{
    /// <summary>Environment variable that names the store's folder.</summary>
    public const string DirectoryVariable = "MOBILEQUANT_CACHE_DIRECTORY";

    /// <summary>Environment variable with the size limit in gigabytes (10^9 bytes).</summary>
    public const string LimitVariable = "MOBILEQUANT_CACHE_LIMIT_GB";

    /// <summary>20 GB.</summary>
    public const long DefaultLimitBytes = 20_000_000_000;

    /// <summary>The folder of the store.</summary>
    /// <param name="configured">What the user asked for, or null.</param>
    /// <returns>An absolute path: the configured folder, else <see cref="DirectoryVariable"/>, else a folder in the user's cache.</returns>
    public static string Resolve(string? configured)
    {
        string? folder = string.IsNullOrWhiteSpace(configured) ? Environment.GetEnvironmentVariable(DirectoryVariable) : configured;
        return Path.GetFullPath(string.IsNullOrWhiteSpace(folder) ? Path.Combine(UserCache(), "mobilequant", "store") : folder);
    }

    /// <summary>The size limit in bytes.</summary>
    /// <returns><see cref="LimitVariable"/> when it holds a number, else <see cref="DefaultLimitBytes"/>.</returns>
    /// <exception cref="MobileQuantException">MQ1003: the variable holds something else.</exception>
    public static long ResolveLimit()
    {
        string? text = Environment.GetEnvironmentVariable(LimitVariable);
        if (string.IsNullOrWhiteSpace(text))
        {
            return DefaultLimitBytes;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double gigabytes) && gigabytes is >= 0 and < 1e9
            ? (long)(gigabytes * 1e9)
            : throw new MobileQuantException("MQ1003", $"{LimitVariable} is '{text}'; expected a number of gigabytes.", "Set it to a number such as 20, or unset it.");
    }

    private static string UserCache()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (OperatingSystem.IsWindows())
        {
            return Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        }

        if (OperatingSystem.IsMacOS())
        {
            return Path.Combine(home, "Library", "Caches");
        }

        // The XDG base directory specification: a relative value is to be ignored.
        string? xdg = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        return Path.IsPathRooted(xdg) ? xdg : Path.Combine(home.Length == 0 ? Path.GetTempPath() : home, ".cache");
    }
}
