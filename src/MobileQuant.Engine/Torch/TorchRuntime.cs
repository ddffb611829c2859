using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TorchSharp;

namespace MobileQuant.Torch;

/// <summary>
/// Loads the native libraries under TorchSharp without any manual step: libtorch from the application, from the user's
/// packages or fetched from the user's package sources, and LibTorchSharp, adapted where the system's libstdc++ is too old.
/// </summary>
public static class TorchRuntime
{
    private const string Binding = "LibTorchSharp";
    private const string MissingVersion = "GLIBCXX_3.4.32";

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, nint> Handles = new(StringComparer.Ordinal);
    private static TorchState? _loaded;
    private static bool _resolverIsSet;

    /// <summary>Version of the managed assembly.</summary>
    internal static string TorchSharpVersion => typeof(torch).Assembly.GetName().Version?.ToString(3) ?? "unknown";

    /// <summary>Loads everything, once per process; later calls return at once.</summary>
    /// <param name="progress">Told when something is fetched.</param>
    /// <param name="cancellationToken">Cancels a download.</param>
    /// <exception cref="MobileQuantException">
    /// MQ9001: libtorch cannot be fetched; MQ9002: a library does not load; MQ9003: libtorch does not exist for this platform;
    /// MQ9004: the device that the environment asks for is not there.
    /// </exception>
    public static void EnsureLoaded(IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        lock (Gate)
        {
            if (_loaded is null)
            {
                Load(progress, cancellationToken);
            }
        }
    }

    /// <summary>Refuses to go on where libtorch would have to be fetched and must not be.</summary>
    /// <param name="offline">Whether the network is not to be used.</param>
    /// <exception cref="MobileQuantException">MQ4015: it is not on this machine.</exception>
    internal static void RequireFetched(bool offline)
    {
        if (offline && _loaded is null && LibtorchPackage.NamedFolder is null && LibtorchPackage.ForThisMachine() is { } package && package.Find() is null)
        {
            throw new MobileQuantException(
                "MQ4015",
                $"Quantizing and measuring need {package.Id} {LibtorchPackage.Version}, which is not on this machine, and offline it is not fetched.",
                "Build once without --offline (MobileQuantOffline), or take the model from a cache that this machine reaches.");
        }
    }

    /// <summary>Tells what is there, without fetching or loading anything.</summary>
    /// <returns>The state.</returns>
    public static TorchState Describe()
    {
        if (_loaded is { } loaded)
        {
            return loaded;
        }

        LibtorchPackage? package = LibtorchPackage.ForThisMachine();
        return StateOf(package, package?.Find(), package is null ? null : FindBinding(package), isLoaded: false, isAdapted: false);
    }

    private static void Load(IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        LibtorchPackage package = LibtorchPackage.ForThisMachine() ?? throw new MobileQuantException(
            "MQ9003",
            $"Quantizing needs libtorch, which is not published for {RuntimeInformation.RuntimeIdentifier}.",
            "Quantize on linux-x64, osx-arm64, win-x64 or win-arm64; the artifact runs everywhere.");
        string binding = FindBinding(package) ?? throw new MobileQuantException(
            "MQ9002", $"{LibtorchPackage.LibraryName(Binding)} was not found beside the application.", "Restore and build again: it comes with the package TorchSharp.");
        if (LibtorchPackage.NamedFolder is { } named && !LibtorchPackage.IsIn(named))
        {
            throw new MobileQuantException(
                "MQ9002", $"{LibtorchPackage.FolderVariable} names {named}, which has no {LibtorchPackage.MainLibrary}.", "Name the folder with the libraries of libtorch, or remove the variable.");
        }

        string folder = package.Find() ?? Fetch(package, progress, cancellationToken);

        NativeEnvironment.Prepare();
        NativeMemory.FixMapThreshold();
        foreach (string library in LoadOrder(folder))
        {
            LoadLibrary(library);
        }

        string used = LoadBinding(binding);
        if (!_resolverIsSet)
        {
            NativeLibrary.SetDllImportResolver(typeof(torch).Assembly, Resolve);
            _resolverIsSet = true;
        }

        torch.InitializeDeviceType(DeviceType.CPU);
        ComputeDevice.Choose(folder);
        _loaded = StateOf(package, folder, used, isLoaded: true, isAdapted: used != binding);
    }

    private static string Fetch(LibtorchPackage package, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        // A pool thread: the caller may own a synchronization context that waits for this very call.
        Task.Run(() => LibtorchDownload.RunAsync(package, LibtorchDownload.ConfiguredSources(package), package.DownloadFolder, progress, cancellationToken), cancellationToken).GetAwaiter().GetResult();
        return package.DownloadFolder;
    }

    private static string? FindBinding(LibtorchPackage package)
    {
        string name = LibtorchPackage.LibraryName(Binding);
        List<string> candidates = [];
        foreach (string root in LibtorchPackage.ApplicationFolders())
        {
            candidates.Add(Path.Combine(root, "runtimes", package.RuntimeIdentifier, "native", name));
            candidates.Add(Path.Combine(root, name));
        }

        if (LibtorchPackage.GlobalPackagesFolder() is { } packages)
        {
            candidates.Add(Path.Combine(packages, "torchsharp", TorchSharpVersion, "runtimes", package.RuntimeIdentifier, "native", name));
        }

        return candidates.FirstOrDefault(File.Exists);
    }

    // Each library after those that it depends on: later ones find them by name among the loaded.
    private static IEnumerable<string> LoadOrder(string folder)
    {
        string[] files = [.. Directory.EnumerateFiles(folder).Where(f => LibtorchPackage.IsNeeded(Path.GetFileName(f))).Order(StringComparer.Ordinal)];
        string[] last = ["torch_global_deps", "torch_cpu", "c10_cuda", "torch_cuda", "torch"];
        string[] core = [.. last.Select(LibtorchPackage.LibraryName)];
        if (OperatingSystem.IsWindows())
        {
            // Loading by full path searches the library's own folder too.
            return core.Select(name => Path.Combine(folder, name)).Where(File.Exists);
        }

        return files.Where(f => IsRuntimeLibrary(Path.GetFileName(f)))
            .Concat(core.Select(name => Path.Combine(folder, name)).Where(File.Exists));
    }

    private static bool IsRuntimeLibrary(string name) =>
        name.StartsWith("libgomp", StringComparison.Ordinal)
        || name.StartsWith("libomp", StringComparison.Ordinal)
        || name.StartsWith("libiomp", StringComparison.Ordinal)
        || name.StartsWith("libc10.", StringComparison.Ordinal);

    private static nint LoadLibrary(string path)
    {
        try
        {
            nint handle = NativeLibrary.Load(path);
            Handles[Path.GetFileNameWithoutExtension(path)] = handle;
            return handle;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new MobileQuantException("MQ9002", $"The native library {path} does not load: {e.Message}", "See docs/errors/MQ9002.md for the usual causes.", e);
        }
    }

    private static string LoadBinding(string binding)
    {
        try
        {
            LoadLibrary(binding);
            return binding;
        }
        catch (MobileQuantException e) when (OperatingSystem.IsLinux() && e.Message.Contains(MissingVersion, StringComparison.Ordinal))
        {
            string adapted = Adapt(binding);
            LoadLibrary(adapted);
            return adapted;
        }
    }

    private static string Adapt(string binding)
    {
        byte[] image = File.ReadAllBytes(binding);
        string digest = Convert.ToHexStringLower(SHA256.HashData(image))[..16];
        string folder = Path.Combine(NativeDataFolder.Path, "torchsharp-" + digest);
        string path = Path.Combine(folder, Path.GetFileName(binding));
        if (!ElfVersionRequirement.TryWeaken(image, MissingVersion))
        {
            throw new MobileQuantException("MQ9002", $"{binding} needs {MissingVersion} of libstdc++, which this system lacks.", "Use a newer distribution, or install a newer libstdc++.");
        }

        if (!IsSame(path, image))
        {
            string temporary = NativeDataFolder.CreateTemporaryBeside(folder);
            File.WriteAllBytes(Path.Combine(temporary, Path.GetFileName(binding)), image);
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            NativeDataFolder.Publish(temporary, folder);
        }

        return path;
    }

    private static bool IsSame(string path, byte[] image) => File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(image);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        Handles.TryGetValue(name, out nint handle) || Handles.TryGetValue("lib" + name, out handle) ? handle : 0;

    private static TorchState StateOf(LibtorchPackage? package, string? folder, string? binding, bool isLoaded, bool isAdapted) => new(
        isLoaded,
        package is null ? null : $"{package.Id} {LibtorchPackage.Version}",
        TorchSharpVersion,
        folder,
        binding,
        isAdapted,
        NativeDataFolder.Path);
}
