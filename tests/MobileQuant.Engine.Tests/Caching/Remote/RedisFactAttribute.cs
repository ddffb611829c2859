namespace MobileQuant.Tests.Caching.Remote;

/// <summary>A test that needs redis-server. Skips where it is absent, except in CI, where it then fails.</summary>
internal sealed class RedisFactAttribute : FactAttribute
{
    public RedisFactAttribute()
    {
        if (Executable is null && Environment.GetEnvironmentVariable("CI") != "true")
        {
            Skip = "needs redis-server, which is not on the path";
        }
    }

    /// <summary>Where it is, or null.</summary>
    public static string? Executable { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => (string[])[Path.Combine(folder, "redis-server"), Path.Combine(folder, "redis-server.exe")])
            .FirstOrDefault(File.Exists);
}
