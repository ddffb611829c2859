namespace MobileQuant.Tests.Caching;

/// <summary>A folder of its own for one test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("mobilequant-test-").FullName;

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Every file below, relative, in order.</summary>
    public string[] Files(string under = "") =>
        Directory.Exists(this[under])
            ? [.. Directory.EnumerateFiles(this[under], "*", SearchOption.AllDirectories).Select(file => System.IO.Path.GetRelativePath(this[under], file)).Order(StringComparer.Ordinal)]
            : [];

    public string Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
