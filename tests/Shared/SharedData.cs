namespace MobileQuant.Tests;

/// <summary>Finds the repository and the measurement data that lies beside it (never inside it).</summary>
internal static class SharedData
{
    /// <summary>The folder of MobileQuant.sln.</summary>
    public static string RepositoryRoot { get; } = FindRepositoryRoot();

    /// <summary>The data folder, or null where this machine has none.</summary>
    public static string? Root { get; } = FindData();

    /// <summary>Absolute path of a file or folder of the data; for use inside <see cref="SharedDataFactAttribute"/> tests.</summary>
    public static string Path(params string[] parts) =>
        System.IO.Path.Combine([Root ?? throw new InvalidOperationException("no shared data here"), .. parts]);

    /// <summary>Absolute path of the embedded default model.</summary>
    public static string DefaultModel => System.IO.Path.Combine(RepositoryRoot, "testassets", "stories-llama-2m");

    private static string? FindData()
    {
        string path = System.IO.Path.Combine(RepositoryRoot, "..", "shared", "data");
        return Directory.Exists(path) ? System.IO.Path.GetFullPath(path) : null;
    }

    private static string FindRepositoryRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(at.FullName, "MobileQuant.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("MobileQuant.sln was not found above " + AppContext.BaseDirectory);
    }
}

/// <summary>A test that needs the measurement data. Skips where it is absent, except in CI, where it then fails.</summary>
internal sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute() => Skip = SharedDataSkip.Reason!;
}

/// <summary>The theory form of <see cref="SharedDataFactAttribute"/>.</summary>
internal sealed class SharedDataTheoryAttribute : TheoryAttribute
{
    public SharedDataTheoryAttribute() => Skip = SharedDataSkip.Reason!;
}

internal static class SharedDataSkip
{
    public static string? Reason { get; } =
        SharedData.Root is null && Environment.GetEnvironmentVariable("CI") != "true"
            ? "needs the measurement data in ../shared/data, which is not here"
            : null;
}
