namespace MobileQuant.Packages;

/// <summary>A package file that was written.</summary>
/// <param name="Path">Absolute path of the .nupkg.</param>
/// <param name="Name">Id and version.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Digest of the file: the same for the same content on one version of this tool.</param>
/// <param name="Descriptor">What it carries.</param>
internal sealed record PackedModel(string Path, PackageName Name, long Bytes, string Sha256, PackageDescriptor Descriptor);
