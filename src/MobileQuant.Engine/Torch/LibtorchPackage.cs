using System.Runtime.InteropServices;
using NuGet.Configuration;

namespace MobileQuant.Torch;

/// <summary>The package that carries libtorch for this machine, and where its files may already be.</summary>
internal sealed class LibtorchPackage
{
    /// <summary>The version that TorchSharp 0.107.0 was built against.</summary>
    public const string Version = "2.10.0";

    /// <summary>Names a folder with the libraries of another libtorch of this version, such as one for CUDA.</summary>
    public const string FolderVariable = "MOBILEQUANT_LIBTORCH";

    // Parts of libtorch that LibTorchSharp never loads.
    private static readonly string[] Unneeded = ["python", "test", "nnapi", "shm", "aoti", "jitbackend", "torchbind", "backend_with_compiler"];

    private LibtorchPackage(string runtimeIdentifier) => RuntimeIdentifier = runtimeIdentifier;

    /// <summary>linux-x64, osx-arm64, win-x64 or win-arm64.</summary>
    public string RuntimeIdentifier { get; }

    /// <summary>The package id.</summary>
    public string Id => "libtorch-cpu-" + RuntimeIdentifier;

    /// <summary><see cref="LibraryDigest"/> of the libraries that are needed, as this version was made with them.</summary>
    public string Digest => RuntimeIdentifier switch
    {
        "linux-x64" => "64082522cdee2ddf364bb05d5ded1ccb3592437b6d7913f36b2dcc0a11decf93",
        "win-x64" => "4fde5304f9da6ebcc7cfa624ccda9058e9b7fd1c22e35a7926b0ed41accdfe3a",
        "win-arm64" => "b703f413ae724908e5498fc357128374281ec415278b7f117809f0a99ce2acf7",
        "osx-arm64" => "af1f97abe7d568616e17ebd6246f0c2e28eeab7f9db0c81299ece6d705e67e5a",
        _ => throw new NotSupportedException(RuntimeIdentifier),
    };

    /// <summary>Where the libraries lie inside of the package, with forward slashes.</summary>
    public string NativeFolder => $"runtimes/{RuntimeIdentifier}/native/";

    /// <summary>The file name of the largest library, whose presence stands for the set.</summary>
    public static string MainLibrary => LibraryName("torch_cpu");

    /// <summary>The package for this process, or null where libtorch is not published.</summary>
    public static LibtorchPackage? ForThisMachine()
    {
        string os = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : OperatingSystem.IsLinux() ? "linux" : "unknown";
        string rid = os + "-" + (RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "x64" : RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "unknown");
        return rid is "linux-x64" or "osx-arm64" or "win-x64" or "win-arm64" ? new(rid) : null;
    }

    /// <summary>A library's file name on this system.</summary>
    public static string LibraryName(string name) =>
        OperatingSystem.IsWindows() ? name + ".dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";

    /// <summary>Whether a file of the package's native folder is needed.</summary>
    public static bool IsNeeded(string fileName) =>
        (fileName.Contains(".so", StringComparison.Ordinal) || fileName.EndsWith(".dylib", StringComparison.Ordinal) || fileName.EndsWith(".dll", StringComparison.Ordinal))
        && !Unneeded.Any(part => fileName.Contains(part, StringComparison.Ordinal));

    /// <summary>Whether a folder holds libtorch.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, MainLibrary));

    /// <summary>The first folder that holds the libraries: the one that the environment names, the application's own, the user's packages, the data folder.</summary>
    public string? Find() => Candidates().FirstOrDefault(folder => IsIn(folder));

    /// <summary>The folder that the environment names, whether or not it holds anything; null where it names none.</summary>
    public static string? NamedFolder => Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } named ? named : null;

    /// <summary>Where a download is kept.</summary>
    public string DownloadFolder => Path.Combine(NativeDataFolder.Path, $"{Id}-{Version}");

    /// <summary>The NuGet global packages folder, as the user's settings have it.</summary>
    public static string? GlobalPackagesFolder()
    {
        try
        {
            return SettingsUtility.GetGlobalPackagesFolder(Settings.LoadDefaultSettings(root: null));
        }
        catch (NuGetConfigurationException)
        {
            return null;
        }
    }

    private IEnumerable<string> Candidates()
    {
        if (NamedFolder is { } named)
        {
            yield return named;
        }

        foreach (string root in ApplicationFolders())
        {
            yield return Path.Combine(root, "runtimes", RuntimeIdentifier, "native");
            yield return root;
        }

        if (GlobalPackagesFolder() is { } packages)
        {
            yield return Path.Combine(packages, Id, Version, "runtimes", RuntimeIdentifier, "native");
        }

        yield return DownloadFolder;
    }

    /// <summary>Where the application and its TorchSharp lie.</summary>
    public static IEnumerable<string> ApplicationFolders()
    {
        yield return AppContext.BaseDirectory;
        if (Path.GetDirectoryName(typeof(TorchSharp.torch).Assembly.Location) is { Length: > 0 } folder)
        {
            yield return folder;
        }
    }
}
