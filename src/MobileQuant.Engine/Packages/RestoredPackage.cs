namespace MobileQuant.Packages;

/// <summary>A package on this machine, its files compared with their digests.</summary>
/// <param name="Name">Id and version.</param>
/// <param name="Folder">Where it is unpacked, absolute.</param>
/// <param name="Descriptor">What it carries.</param>
/// <param name="Source">The source that it was fetched from now; null: it was there.</param>
internal sealed record RestoredPackage(PackageName Name, string Folder, PackageDescriptor Descriptor, string? Source)
{
    /// <summary>The artifact, the GGUF file, or the folder of the checkpoint, absolute.</summary>
    public string ModelPath => PathOf(Descriptor.Root);

    /// <summary>Absolute path of a file that the descriptor names.</summary>
    public string PathOf(string relative) => Path.Combine(Folder, relative.Replace('/', Path.DirectorySeparatorChar));
}
