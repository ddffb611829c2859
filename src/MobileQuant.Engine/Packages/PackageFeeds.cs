using NuGet.Configuration;

namespace MobileQuant.Packages;

/// <summary>The user's own NuGet settings, as seen from a folder: sources with their credentials, source mapping, and where packages are kept.</summary>
internal sealed class PackageFeeds
{
    private readonly ISettings _settings;
    private readonly IReadOnlyList<PackageSource> _sources;

    private PackageFeeds(ISettings settings, IReadOnlyList<PackageSource> sources, string packagesFolder)
    {
        _settings = settings;
        _sources = sources;
        PackagesFolder = packagesFolder;
    }

    /// <summary>The settings themselves: signature policy, API keys.</summary>
    public ISettings Settings => _settings;

    /// <summary>Where packages are kept: by default the global packages folder, where every restore of this user keeps its own.</summary>
    public string PackagesFolder { get; }

    /// <summary>Reads the settings that count in a folder.</summary>
    /// <param name="directory">Absolute path.</param>
    /// <param name="packagesFolder">Where packages are kept; null: where the settings say.</param>
    /// <exception cref="MobileQuantException">MQ4025: they cannot be read.</exception>
    public static PackageFeeds Load(string directory, string? packagesFolder = null)
    {
        try
        {
            ISettings settings = NuGet.Configuration.Settings.LoadDefaultSettings(directory);
            return new(
                settings,
                [.. new PackageSourceProvider(settings).LoadPackageSources().Where(source => source.IsEnabled)],
                Path.GetFullPath(packagesFolder ?? SettingsUtility.GetGlobalPackagesFolder(settings)));
        }
        catch (NuGetConfigurationException e)
        {
            throw new MobileQuantException("MQ4025", $"The NuGet settings cannot be read: {e.Message}", "Correct the nuget.config that the message names.", e);
        }
    }

    /// <summary>Where a package may come from.</summary>
    /// <param name="id">The package; where sources are mapped, only those that are mapped to it.</param>
    /// <param name="names">Only these sources: names, addresses or folders; empty: all that are configured.</param>
    /// <param name="baseDirectory">Where relative folders start.</param>
    /// <param name="offline">Only folders.</param>
    /// <returns>The sources, in the order to ask them.</returns>
    public IReadOnlyList<PackageSource> SourcesOf(string id, IReadOnlyList<string> names, string baseDirectory, bool offline)
    {
        // As for dotnet restore: who names sources means them, whatever is mapped.
        IEnumerable<PackageSource> sources = names.Count > 0 ? names.Select(name => Find(name, baseDirectory)) : Mapped(id);
        return [.. sources.Where(source => !offline || source.IsLocal)];
    }

    /// <summary>Where packages go: a source by name, address or folder, or the default that the settings name.</summary>
    /// <exception cref="MobileQuantException">MQ4025: none is named anywhere.</exception>
    public PackageSource Target(string? name, string baseDirectory)
    {
        name ??= SettingsUtility.GetDefaultPushSource(_settings);
        return string.IsNullOrWhiteSpace(name)
            ? throw new MobileQuantException("MQ4025", "No source is named to push to, and the NuGet settings have no default.", "Name one with --source: the name of a configured source, an address, or a folder.")
            : Find(name, baseDirectory);
    }

    /// <summary>Why a source must not be asked, or null: what it sends or gets could be changed or read on its way.</summary>
    public static string? Refusal(PackageSource source) => source.IsHttp && !source.IsHttps && !source.AllowInsecureConnections
        ? $"{source.Name} has an http address, and its allowInsecureConnections is not set"
        : null;

    private IEnumerable<PackageSource> Mapped(string id)
    {
        PackageSourceMapping mapping = PackageSourceMapping.GetPackageSourceMapping(_settings);
        if (!mapping.IsEnabled)
        {
            return _sources;
        }

        HashSet<string> allowed = new(mapping.GetConfiguredPackageSources(id), StringComparer.OrdinalIgnoreCase);
        return _sources.Where(source => allowed.Contains(source.Name));
    }

    private PackageSource Find(string name, string baseDirectory) =>
        _sources.FirstOrDefault(source => string.Equals(source.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? _sources.FirstOrDefault(source => string.Equals(source.Source, name, StringComparison.OrdinalIgnoreCase))
        ?? new PackageSource(name.Contains("://", StringComparison.Ordinal) ? name : Path.GetFullPath(name, baseDirectory));
}
