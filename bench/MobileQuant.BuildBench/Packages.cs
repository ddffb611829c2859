using System.IO.Compression;

namespace MobileQuant.BuildBench;

/// <summary>The packages as users get them, in a folder that serves as a feed.</summary>
internal sealed class Packages
{
    private const int Largest = 5;

    private static readonly string[] s_projects = ["MobileQuant.Build", "MobileQuant.Runtime", "MobileQuant.Tool"];

    private Packages(string feed, string version, IReadOnlyList<PackageSize> sizes)
    {
        Feed = feed;
        Version = version;
        Sizes = sizes;
    }

    /// <summary>The folder.</summary>
    public string Feed { get; }

    /// <summary>A version that no other build has.</summary>
    public string Version { get; }

    /// <summary>How large they are.</summary>
    public IReadOnlyList<PackageSize> Sizes { get; }

    /// <summary>The tool that packing built.</summary>
    public static string Tool => Path.Combine(BenchFolder.Repository, "src", "MobileQuant.Tool", "bin", "Release", "net10.0", "mobilequant.dll");

    /// <summary>Packs all.</summary>
    public static Packages Pack(BenchFolder folder)
    {
        string feed = folder["feed"];
        string version = $"0.1.0-bench.{DateTime.UtcNow.Ticks}";
        foreach (string project in s_projects)
        {
            DotNet.Run(BenchFolder.Repository, new Dictionary<string, string>(), "pack", Path.Combine("src", project), "-c", "Release", "--nologo", "-o", feed, $"-p:PackageVersion={version}");
        }

        return new(feed, version, [.. s_projects.Select(project => Measure(Path.Combine(feed, $"{project}.{version}.nupkg"), project))]);
    }

    /// <summary>Removes what restoring installed for this version.</summary>
    public void Uninstall()
    {
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (string project in s_projects)
        {
            string installed = Path.Combine(packages, project.ToLowerInvariant(), Version);
            if (Directory.Exists(installed))
            {
                Directory.Delete(installed, recursive: true);
            }
        }
    }

    private static PackageSize Measure(string path, string id)
    {
        using ZipArchive archive = ZipFile.OpenRead(path);
        return new(id, new FileInfo(path).Length, archive.Entries.Count,
            [.. archive.Entries.OrderByDescending(entry => entry.CompressedLength).Take(Largest).Select(entry => new PackageMember(entry.FullName, entry.CompressedLength, entry.Length))]);
    }
}
