namespace MobileQuant.Packages;

/// <summary>A file of a package that belongs to its model.</summary>
/// <param name="Path">Relative to the package, with forward slashes.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Digest of its content, lower-case hexadecimal.</param>
internal sealed record PackageFile(string Path, long Bytes, string Sha256);
