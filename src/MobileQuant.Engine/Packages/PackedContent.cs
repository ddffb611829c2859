using NuGet.Frameworks;
using NuGet.Packaging;
using FrameworkName = System.Runtime.Versioning.FrameworkName;

namespace MobileQuant.Packages;

/// <summary>A file as it goes into a package, always with the same time: the package depends on contents alone.</summary>
/// <param name="path">Relative to the package, with forward slashes.</param>
/// <param name="open">Opens the content.</param>
internal sealed class PackedContent(string path, Func<Stream> open) : IPackageFile
{
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public string Path => path;

    /// <inheritdoc/>
    public string EffectivePath => path;

    /// <inheritdoc/>
    public FrameworkName TargetFramework => null!;

    /// <inheritdoc/>
    public NuGetFramework NuGetFramework => NuGetFramework.AnyFramework;

    /// <inheritdoc/>
    public DateTimeOffset LastWriteTime => Epoch;

    /// <summary>A file of the disk.</summary>
    public static PackedContent OfFile(string path, string source) =>
        new(path, () => new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan));

    /// <summary>Bytes.</summary>
    public static PackedContent OfBytes(string path, byte[] content) => new(path, () => new MemoryStream(content, writable: false));

    /// <inheritdoc/>
    public Stream GetStream() => open();
}
