namespace MobileQuant.BuildBench;

/// <summary>The StoryTeller sample outside of the repository, with the package reference that a user adds.</summary>
internal sealed class SampleApp : IDisposable
{
    private readonly Packages _packages;

    public SampleApp(BenchFolder folder, Packages packages)
    {
        _packages = packages;
        Directory = folder[Path.Combine("samples", "StoryTeller")];
        string source = Path.Combine(BenchFolder.Repository, "samples", "StoryTeller");
        Copy(source, Directory, "Program.cs");
        string project = File.ReadAllText(Path.Combine(source, "StoryTeller.csproj"));
        int items = project.IndexOf("<ItemGroup>", StringComparison.Ordinal) + "<ItemGroup>".Length;
        File.WriteAllText(Path.Combine(Directory, "StoryTeller.csproj"), project.Insert(items, $"\n    <PackageReference Include=\"MobileQuant.Build\" Version=\"{packages.Version}\" />"));
        string model = Path.Combine("testassets", "stories-llama-2m");
        foreach (string file in System.IO.Directory.GetFiles(Path.Combine(BenchFolder.Repository, model)))
        {
            Copy(Path.GetDirectoryName(file)!, folder[model], Path.GetFileName(file));
        }

        File.WriteAllText(folder["nuget.config"], $"""
            <configuration>
              <packageSources>
                <add key="mobilequant-bench" value="{packages.Feed}" />
              </packageSources>
            </configuration>
            """);
    }

    /// <summary>The project's folder.</summary>
    public string Directory { get; }

    /// <summary>As after a clone: nothing built, everything restored.</summary>
    public void Clean()
    {
        foreach (string name in (string[])["bin", "obj"])
        {
            string path = Path.Combine(Directory, name);
            if (System.IO.Directory.Exists(path))
            {
                System.IO.Directory.Delete(path, recursive: true);
            }
        }

        DotNet.Run(Directory, new Dictionary<string, string>(), "restore", "--nologo");
    }

    /// <summary>Builds without restoring.</summary>
    /// <param name="store">The store of the machine that this build stands for.</param>
    /// <param name="variables">Added to the environment.</param>
    /// <param name="more">More arguments.</param>
    public (string Output, double Seconds) Build(string store, IReadOnlyDictionary<string, string> variables, params string[] more) => DotNet.Run(
        Directory,
        new Dictionary<string, string>(variables) { ["MOBILEQUANT_CACHE_DIRECTORY"] = store },

        // A compiler server would make the first of all builds slower than the others, and stay behind.
        ["build", "--no-restore", "--nologo", "-p:UseSharedCompilation=false", .. more]);

    /// <inheritdoc/>
    public void Dispose() => _packages.Uninstall();

    private static void Copy(string from, string to, string name)
    {
        System.IO.Directory.CreateDirectory(to);
        File.Copy(Path.Combine(from, name), Path.Combine(to, name));
    }
}
