namespace MobileQuant.BuildBench;

/// <summary>A folder outside of the repository for all that is made, and where the repository is.</summary>
internal sealed class BenchFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("mobilequant-build-bench-").FullName;

    /// <summary>The folder of MobileQuant.sln.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>A path below.</summary>
    public string this[string name] => Path.Combine(_path, name);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_path, recursive: true);

    private static string FindRepository()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "MobileQuant.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("MobileQuant.sln was not found above " + AppContext.BaseDirectory);
    }
}
