using System.Security.Cryptography;
using System.Text;
using MobileQuant.Caching;

namespace MobileQuant.Torch;

/// <summary>
/// One digest of a folder of libraries: of the lines <c>NAME SHA256</c> in ordinal order. It is of the contents, which a feed that signs
/// packages anew leaves as they are, and not of the package file.
/// </summary>
internal static class LibraryDigest
{
    /// <summary>Computes it.</summary>
    /// <param name="folder">Every file in it counts.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <returns>SHA-256, lower-case hexadecimal.</returns>
    public static string Of(string folder, CancellationToken cancellationToken)
    {
        IEnumerable<string> lines = Directory.GetFiles(folder)
            .OrderBy(file => Path.GetFileName(file), StringComparer.Ordinal)
            .Select(file => $"{Path.GetFileName(file)} {FileDigests.Hash(file, null, cancellationToken)}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
    }
}
