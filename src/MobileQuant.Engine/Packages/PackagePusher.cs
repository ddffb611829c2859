using NuGet.Common;
using NuGet.Configuration;
using NuGet.Packaging.Core;
using NuGet.Protocol;
using NuGet.Protocol.Core.Types;

namespace MobileQuant.Packages;

/// <summary>Sends a package to a feed: a folder, or a server that speaks NuGet's protocol.</summary>
internal static class PackagePusher
{
    /// <summary>The key that a server asks for, where the NuGet settings have none for it. Never an option: command lines are seen by others.</summary>
    public const string KeyVariable = "MOBILEQUANT_FEED_API_KEY";

    private const int TimeoutSeconds = 600;

    /// <summary>Pushes.</summary>
    /// <param name="file">A package that this tool made.</param>
    /// <param name="source">Name, address or folder; null: the default of the settings.</param>
    /// <param name="baseDirectory">The folder whose NuGet settings count, and where a relative source starts; absolute.</param>
    /// <param name="skipDuplicate">A version that is there already is no error.</param>
    /// <param name="progress">Told about steps; may be null.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>What was pushed, and where to.</returns>
    /// <exception cref="MobileQuantException">MQ4021: it is no package with a model; MQ4023: the feed refused it; MQ4025: no source.</exception>
    public static async Task<(PackageIdentity Package, string Source)> PushAsync(
        string file, string? source, string baseDirectory, bool skipDuplicate, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        string path = Path.GetFullPath(file);
        if (!File.Exists(path))
        {
            throw new MobileQuantException("MQ4024", $"The package {path} does not exist.", "Make it with `mobilequant pack`.");
        }

        PackageFeeds feeds = PackageFeeds.Load(baseDirectory);
        PackageSource target = feeds.Target(source, baseDirectory);
        if (PackageFeeds.Refusal(target) is { } refusal)
        {
            throw Refused(target, Path.GetFileName(path), refusal, null);
        }

        (PackageIdentity identity, _) = PackageInspection.Check(path, null, progress, cancellationToken);
        progress?.Report(new QuantizationEvent.Message($"pushing {identity} to {target.Name}"));
        try
        {
            SourceRepository repository = Repository.Factory.GetCoreV3(target);
            if (target.IsLocal && await IsThereAsync(repository, identity, cancellationToken).ConfigureAwait(false))
            {
                // A folder would let it be replaced, which no server does.
                return skipDuplicate ? (identity, target.Source) : throw new InvalidOperationException("that version is there already");
            }

            PackageUpdateResource resource = await repository.GetResourceAsync<PackageUpdateResource>(cancellationToken).ConfigureAwait(false)
                ?? throw new InvalidOperationException("it takes no packages");
            resource.Settings = feeds.Settings;
            await resource.PushAsync(
                [path],
                symbolSource: null!,
                TimeoutSeconds,
                disableBuffering: false,
                getApiKey: KeyOf,
                getSymbolApiKey: null!,
                noServiceEndpoint: false,
                skipDuplicate,
                allowSnupkg: false,
                target.AllowInsecureConnections,
                NullLogger.Instance).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NuGetProtocolException or HttpRequestException or InvalidOperationException or ArgumentException or IOException or UnauthorizedAccessException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw Refused(target, identity.ToString(), e.Message, e);
        }

        return (identity, target.Source);

        string KeyOf(string endpoint) =>
            Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key ? key : SettingsUtility.GetApiKey(feeds.Settings, endpoint, target.Source) ?? string.Empty;
    }

    private static async Task<bool> IsThereAsync(SourceRepository repository, PackageIdentity identity, CancellationToken cancellationToken)
    {
        using SourceCacheContext cache = new() { NoCache = true };
        FindPackageByIdResource resource = await repository.GetResourceAsync<FindPackageByIdResource>(cancellationToken).ConfigureAwait(false)
            ?? throw new InvalidOperationException("not a package source");
        return await resource.DoesPackageExistAsync(identity.Id, identity.Version, cache, NullLogger.Instance, cancellationToken).ConfigureAwait(false);
    }

    private static MobileQuantException Refused(PackageSource target, string package, string why, Exception? cause) => new(
        "MQ4023",
        $"{target.Name} did not take {package}: {why.TrimEnd('.')}.",
        $"Check the source, and its API key: {KeyVariable}, or the apikeys of your NuGet settings. A version that is there already is left alone with --skip-duplicate.",
        cause);
}
