using System.IO.Compression;
using MobileQuant.Packages;
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

    /// <summary>Downloads and unpacks; returns when the folder is complete, and leaves nothing behind when it cannot be.</summary>
    /// <param name="package">What to fetch.</param>
    /// <param name="sources">Where from; the first that has it wins.</param>
    /// <param name="folder">The folder to make, absolute.</param>
    /// <param name="progress">Told in bytes, as step <c>load</c>.</param>
    /// <param name="cancellationToken">Stops the download.</param>
    /// <param name="digest">What the libraries must have; null: <see cref="LibtorchPackage.Digest"/>.</param>
    /// <exception cref="MobileQuantException">MQ9001: no source has the package, none can be reached, or its libraries are others.</exception>
    public static async Task RunAsync(
        LibtorchPackage package, IReadOnlyList<PackageSource> sources, string folder, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken, string? digest = null)
    {
        string temporary = NativeDataFolder.CreateTemporaryBeside(folder);
        try
        {
            string file = Path.Combine(temporary, "package.nupkg");
            await FetchAsync(package, sources, file, progress, cancellationToken).ConfigureAwait(false);
            string libraries = Path.Combine(temporary, "native");
            Unpack(package, file, libraries, progress, cancellationToken);
            progress?.Report(new QuantizationEvent.Progress(Step, "checking " + package.Id, 0, 0));
            if (LibraryDigest.Of(libraries, cancellationToken) != (digest ?? package.Digest))
            {
                throw new InvalidDataException("its libraries are not those that this version was made with");
            }

            NativeDataFolder.Publish(libraries, folder);
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

    /// <summary>The sources of the user's NuGet settings, as seen from the current folder; credentials come with them.</summary>
    public static IReadOnlyList<PackageSource> ConfiguredSources(LibtorchPackage package)
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

    private static async Task FetchAsync(
        LibtorchPackage package, IReadOnlyList<PackageSource> sources, string file, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        List<string> problems = [];
        using SourceCacheContext cache = new() { NoCache = true, DirectDownload = true };
        foreach (PackageSource source in sources)
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
