using System.IO.Compression;
using NuGet.Common;
using NuGet.Configuration;
using NuGet.Protocol;
using NuGet.Protocol.Core.Types;
using NuGet.Versioning;

namespace MobileQuant.Torch;

/// <summary>Fetches the libtorch package from the user's own package sources and keeps the libraries that are needed.</summary>
internal static class LibtorchDownload
{
    private const string Step = "load";

    /// <summary>Downloads and unpacks; returns when <see cref="LibtorchPackage.DownloadFolder"/> is complete.</summary>
    /// <exception cref="MobileQuantException">MQ9001: no source has the package, or none can be reached.</exception>
    public static async Task RunAsync(LibtorchPackage package, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(NativeDataFolder.Path);
        string temporary = NativeDataFolder.CreateTemporary();
        try
        {
            string file = Path.Combine(temporary, "package.nupkg");
            await FetchAsync(package, file, progress, cancellationToken).ConfigureAwait(false);
            string libraries = Path.Combine(temporary, "native");
            Unpack(package, file, libraries, progress, cancellationToken);
            NativeDataFolder.Publish(libraries, package.DownloadFolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw Failure(package, e.Message, e);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    private static async Task FetchAsync(LibtorchPackage package, string file, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        List<string> problems = [];
        using SourceCacheContext cache = new() { NoCache = true, DirectDownload = true };
        foreach (PackageSource source in Sources(package))
        {
            progress?.Report(new QuantizationEvent.Message($"Fetching {package.Id} {LibtorchPackage.Version} from {source.Name} (once per user, about 200 MB)."));
            try
            {
                SourceRepository repository = Repository.Factory.GetCoreV3(source);
                FindPackageByIdResource resource = await repository.GetResourceAsync<FindPackageByIdResource>(cancellationToken).ConfigureAwait(false)
                    ?? throw new InvalidOperationException("not a package source");
                using CountingStream stream = new(File.Create(file), bytes => progress?.Report(
                    new QuantizationEvent.Progress(Step, $"fetching {package.Id}: {bytes >> 20} MiB", bytes, 0)));
                if (await resource.CopyNupkgToStreamAsync(
                    package.Id, NuGetVersion.Parse(LibtorchPackage.Version), stream, cache, NullLogger.Instance, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }

                problems.Add($"{source.Name} does not have it");
            }
            catch (Exception e) when (e is NuGetProtocolException or HttpRequestException or InvalidOperationException)
            {
                problems.Add($"{source.Name}: {e.Message}");
            }
        }

        throw Failure(package, problems.Count == 0 ? "no package source is configured" : string.Join("; ", problems), null);
    }

    private static IReadOnlyList<PackageSource> Sources(LibtorchPackage package)
    {
        try
        {
            return [.. new PackageSourceProvider(Settings.LoadDefaultSettings(Directory.GetCurrentDirectory())).LoadPackageSources().Where(s => s.IsEnabled)];
        }
        catch (NuGetConfigurationException e)
        {
            throw Failure(package, e.Message, e);
        }
    }

    private static void Unpack(LibtorchPackage package, string file, string folder, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        using ZipArchive archive = ZipFile.OpenRead(file);
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            // entry.Name is the last part alone: no entry can leave the folder.
            if (entry.FullName == package.NativeFolder + entry.Name && LibtorchPackage.IsNeeded(entry.Name))
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Report(new QuantizationEvent.Progress(Step, "unpacking " + entry.Name, 0, 0));
                entry.ExtractToFile(Path.Combine(folder, entry.Name));
            }
        }

        if (!File.Exists(Path.Combine(folder, LibtorchPackage.MainLibrary)))
        {
            throw new InvalidDataException($"the package has no {package.NativeFolder}{LibtorchPackage.MainLibrary}");
        }
    }

    private static MobileQuantException Failure(LibtorchPackage package, string why, Exception? cause) => new(
        "MQ9001",
        $"The native library package {package.Id} {LibtorchPackage.Version}, which quantizing needs, could not be fetched: {why}.",
        $"Make a package source that has it reachable (dotnet nuget list source), or restore it once on this machine; it is also found in {package.DownloadFolder}.",
        cause);
}
