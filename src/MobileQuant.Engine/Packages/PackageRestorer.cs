using MobileQuant.Caching;
using NuGet.Common;
using NuGet.Configuration;
using NuGet.Packaging;
using NuGet.Packaging.Core;
using NuGet.Packaging.Signing;
using NuGet.Protocol;
using NuGet.Protocol.Core.Types;

namespace MobileQuant.Packages;

/// <summary>
/// Brings a package into the user's global packages folder, where restores of projects keep theirs: fetched once per machine, found by
/// both, cached by CI as packages are. Nothing is unpacked before all of it was compared with its own digests.
/// </summary>
internal static class PackageRestorer
{
    /// <summary>Restores one package.</summary>
    /// <param name="name">Id and exact version.</param>
    /// <param name="options">Where it may come from.</param>
    /// <param name="digests">Remembers digests of what is there already, so that large packages are read once.</param>
    /// <param name="progress">Told about bytes; may be null.</param>
    /// <param name="cancellationToken">Stops the work; nothing is left behind.</param>
    /// <returns>The package.</returns>
    /// <exception cref="MobileQuantException">MQ4020: no source has it, or none can be reached; MQ4021: it is no such package; MQ4022: what is there was damaged; MQ4025: NuGet's settings are wrong.</exception>
    public static async Task<RestoredPackage> RestoreAsync(
        PackageName name, RestoreOptions options, FileDigests digests, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        PackageFeeds feeds = PackageFeeds.Load(options.BaseDirectory, options.PackagesFolder);
        VersionFolderPathResolver resolver = new(feeds.PackagesFolder);
        string folder = resolver.GetInstallPath(name.Id, name.Identity.Version);
        string? source = null;
        if (options.Force || !File.Exists(resolver.GetNupkgMetadataPath(name.Id, name.Identity.Version)))
        {
            source = await FetchAsync(name, feeds, options, folder, resolver, progress, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            RestoredPackage package = new(name, folder, ReadInstalled(name, folder), source);
            Verify(package, digests, progress, cancellationToken);
            return package;
        }
        catch (MobileQuantException) when (source is not null)
        {
            // Unpacked just now to something else than was checked: it must not stay to be believed by others.
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>The error for a package whose files changed after they were unpacked.</summary>
    public static MobileQuantException Damaged(RestoredPackage package, PackageFile file) => new(
        "MQ4022",
        $"The package {package.Name.Id} {package.Name.Version} in {package.Folder} is damaged: '{file.Path}' is not what was packed.",
        $"Fetch it again: mobilequant restore {package.Name} --force.");

    private static async Task<string> FetchAsync(
        PackageName name, PackageFeeds feeds, RestoreOptions options, string folder, VersionFolderPathResolver resolver, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(feeds.PackagesFolder);
            TemporaryPath.Sweep(feeds.PackagesFolder, ".mobilequant");
            using TemporaryPath file = TemporaryPath.Beside(Path.Combine(feeds.PackagesFolder, "mobilequant"));
            PackageSource source = await DownloadAsync(name, feeds, options, file.Path, progress, cancellationToken).ConfigureAwait(false);
            PackageInspection.Check(file.Path, name.Identity, progress, cancellationToken);
            if (options.Force && Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            PackageExtractionContext context = new(
                PackageSaveMode.Defaultv3, XmlDocFileSaveMode.Skip, ClientPolicyContext.GetClientPolicy(feeds.Settings, NullLogger.Instance), NullLogger.Instance);
            await PackageExtractor.InstallFromSourceAsync(
                source.Source,
                name.Identity,
                async target =>
                {
                    using FileStream stream = new(file.Path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
                    await stream.CopyToAsync(target, 1 << 20, cancellationToken).ConfigureAwait(false);
                },
                resolver,
                context,
                cancellationToken,
                Guid.Empty).ConfigureAwait(false);
            return source.Source;
        }
        catch (IOException e) when (DiskErrors.IsDiskFull(e))
        {
            throw DiskErrors.Full(e, feeds.PackagesFolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Missing(name, $"{feeds.PackagesFolder} cannot be written ({e.Message})", e);
        }
        catch (PackagingException e)
        {
            // Signatures among others: what the user's own policy refuses.
            throw PackageInspection.Refused($"{name.Id} {name.Version}", e.Message, e);
        }
    }

    private static async Task<PackageSource> DownloadAsync(
        PackageName name, PackageFeeds feeds, RestoreOptions options, string file, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        List<string> problems = [];
        foreach (PackageSource source in feeds.SourcesOf(name.Id, options.Sources, options.BaseDirectory, options.Offline))
        {
            if ((PackageFeeds.Refusal(source) ?? (source.IsLocal && !Directory.Exists(source.Source) ? $"{source.Name} ({source.Source}) does not exist" : null)) is { } refusal)
            {
                problems.Add(refusal);
                continue;
            }

            progress?.Report(new QuantizationEvent.Message($"fetching {name.Id} {name.Version} from {source.Name}"));
            try
            {
                if (await DownloadAsync(name, source, file, progress, cancellationToken).ConfigureAwait(false))
                {
                    return source;
                }

                problems.Add($"{source.Name} does not have it");
            }
            catch (Exception e) when (e is NuGetProtocolException or HttpRequestException or InvalidOperationException or PackagingException or InvalidDataException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                problems.Add($"{source.Name}: {e.InnerException?.Message ?? e.Message}");
            }
        }

        string why = problems.Count > 0 ? string.Join("; ", problems)
            : options.Offline ? "it is not there, and offline only folders are asked, of which none is configured for it"
            : "no package source is configured for it";
        throw Missing(name, why, null);
    }

    private static async Task<bool> DownloadAsync(PackageName name, PackageSource source, string file, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        using SourceCacheContext cache = new() { NoCache = true, DirectDownload = true };
        SourceRepository repository = Repository.Factory.GetCoreV3(source);
        FindPackageByIdResource resource = await repository.GetResourceAsync<FindPackageByIdResource>(cancellationToken).ConfigureAwait(false)
            ?? throw new InvalidOperationException("not a package source");
        using CountingStream stream = new(
            new FileStream(file, FileMode.Create, FileAccess.ReadWrite),
            bytes => progress?.Report(new QuantizationEvent.Progress("package", $"fetching {name.Id}: {bytes >> 20} MiB", bytes, 0)));
        return await resource.CopyNupkgToStreamAsync(name.Id, name.Identity.Version, stream, cache, NullLogger.Instance, cancellationToken).ConfigureAwait(false);
    }

    private static PackageDescriptor ReadInstalled(PackageName name, string folder)
    {
        string path = Path.Combine(folder, PackageDescriptor.FileName);
        try
        {
            FileInfo file = new(path);
            if (!file.Exists || file.Length > PackageDescriptor.MaximumBytes)
            {
                throw new InvalidDataException($"it has no {PackageDescriptor.FileName}");
            }

            return PackageDescriptor.Read(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw PackageInspection.Refused($"{name.Id} {name.Version} in {folder}", e.Message, e);
        }
    }

    /// <summary>Other programs write to the packages folder too: what is there is believed by its digest alone.</summary>
    private static void Verify(RestoredPackage package, FileDigests digests, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        long total = package.Descriptor.Files.Sum(file => file.Bytes);
        long done = 0;
        foreach (PackageFile file in package.Descriptor.Files)
        {
            FileInfo found = new(package.PathOf(file.Path));
            if (!found.Exists || found.LinkTarget is not null || found.Length != file.Bytes || digests.Compute(found.FullName, Advance, cancellationToken) != file.Sha256)
            {
                throw Damaged(package, file);
            }
        }

        void Advance(long bytes)
        {
            done += bytes;
            progress?.Report(new QuantizationEvent.Progress("package", $"checking {package.Name.Id}", done, total));
        }
    }

    private static MobileQuantException Missing(PackageName name, string why, Exception? cause) => new(
        "MQ4020",
        $"The package {name.Id} {name.Version} could not be fetched: {why.TrimEnd('.')}.",
        "Check id, version and sources (dotnet nuget list source), or name a source: mobilequant restore ID/VERSION --source ADDRESS-OR-FOLDER.",
        cause);
}
