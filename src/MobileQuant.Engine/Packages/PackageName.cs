using NuGet.Packaging;
using NuGet.Packaging.Core;
using NuGet.Versioning;

namespace MobileQuant.Packages;

/// <summary>A package by id and exact version, written <c>package:Id/Version</c> where a checkpoint may be named.</summary>
internal sealed record PackageName
{
    /// <summary>What the reference begins with.</summary>
    public const string Scheme = "package:";

    private PackageName(PackageIdentity identity) => Identity = identity;

    /// <summary>Id and version as NuGet has them.</summary>
    public PackageIdentity Identity { get; }

    /// <summary>The id.</summary>
    public string Id => Identity.Id;

    /// <summary>The version, normalized: <c>1.0</c> is <c>1.0.0</c>.</summary>
    public string Version => Identity.Version.ToNormalizedString();

    /// <summary>Whether a checkpoint is named by a package.</summary>
    public static bool IsPackage(string checkpoint) => checkpoint.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads <c>Id/Version</c>, with or without <see cref="Scheme"/>.</summary>
    /// <param name="text">The reference.</param>
    /// <exception cref="MobileQuantException">MQ1110: it does not name an id and an exact version.</exception>
    public static PackageName Parse(string text)
    {
        string reference = (IsPackage(text) ? text[Scheme.Length..] : text).Trim();
        string[] parts = reference.Split('/', '\\');
        return parts.Length == 2 && TryCreate(parts[0].Trim(), parts[1].Trim()) is { } name
            ? name
            : throw new MobileQuantException("MQ1110", $"'{text}' names no package.", $"Write the id and an exact version: {Scheme}Contoso.TinyModel/1.0.0.");
    }

    /// <summary>A name of valid parts, or null.</summary>
    public static PackageName? TryCreate(string id, string version) =>
        id.Length <= PackageIdValidator.MaxPackageIdLength && PackageIdValidator.IsValidPackageId(id) && NuGetVersion.TryParse(version, out NuGetVersion? parsed)
            ? new(new PackageIdentity(id, parsed))
            : null;

    /// <inheritdoc/>
    public override string ToString() => $"{Id}/{Version}";
}
