using System.IO.Compression;
using MobileQuant.Caching;
using NuGet.Packaging;
using NuGet.Packaging.Core;

namespace MobileQuant.Packages;

/// <summary>Reads a package file from outside to its last byte, before anything of it is unpacked.</summary>
internal static class PackageInspection
{
    /// <summary>What a package may hold besides its model: nuspec, targets, licence, icon, readme, signature.</summary>
    private const long MaximumOtherBytes = 16 << 20;

    /// <summary>Checks that a package is the one that was asked for and carries what it says.</summary>
    /// <param name="file">The .nupkg.</param>
    /// <param name="expected">Id and version; null: whatever it is.</param>
    /// <param name="progress">Told the bytes that were checked; may be null.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <returns>Id and version, and what it carries.</returns>
    /// <exception cref="MobileQuantException">MQ4021: it is not such a package, or its content differs from its own digests.</exception>
    public static (PackageIdentity Identity, PackageDescriptor Descriptor) Check(
        string file, PackageIdentity? expected, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        string name = expected is null ? Path.GetFileName(file) : $"{expected.Id} {expected.Version.ToNormalizedString()}";
        try
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            using ZipArchive archive = new(stream, ZipArchiveMode.Read, leaveOpen: true);
            Dictionary<string, ZipArchiveEntry> entries = List(archive);
            PackageIdentity identity = IdentityOf(archive);
            if (expected is not null && !identity.Equals(expected))
            {
                throw new InvalidDataException($"it says of itself that it is {identity}");
            }

            PackageDescriptor descriptor = ReadDescriptor(entries);
            CheckFiles(descriptor, entries, name, progress, cancellationToken);
            CheckOthers(entries.Values, cancellationToken);
            return (identity, descriptor);
        }
        catch (Exception e) when (e is InvalidDataException or PackagingException or System.Xml.XmlException or EndOfStreamException or FormatException or ArgumentException)
        {
            throw Refused(name, e.Message, e);
        }
    }

    /// <summary>The error for a package that must not be used.</summary>
    public static MobileQuantException Refused(string name, string why, Exception? cause) => new(
        "MQ4021",
        $"The package {name} cannot be used: {why.TrimEnd('.')}.",
        "Use packages that `mobilequant pack` makes. If this is one, it was changed on its way: tell whoever runs the feed.",
        cause);

    /// <summary>The entries by their names in the archive, which must be unambiguous on every system.</summary>
    private static Dictionary<string, ZipArchiveEntry> List(ZipArchive archive)
    {
        Dictionary<string, ZipArchiveEntry> entries = new(StringComparer.OrdinalIgnoreCase);
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            // Names are escaped like addresses, as NuGet writes them.
            string path = NameOf(entry);
            if (path.Contains('\\', StringComparison.Ordinal) || path.StartsWith('/') || path.Split('/').Contains(".."))
            {
                throw new InvalidDataException($"its entry '{path}' would leave its folder");
            }

            if (!entries.TryAdd(path, entry))
            {
                throw new InvalidDataException($"it has two entries '{path}'");
            }
        }

        return entries;
    }

    private static string NameOf(ZipArchiveEntry entry) => Uri.UnescapeDataString(entry.FullName);

    /// <summary>An entry by its name, letter for letter: unpacked, another spelling is another file on some systems.</summary>
    private static ZipArchiveEntry? Take(Dictionary<string, ZipArchiveEntry> entries, string path) =>
        entries.Remove(path, out ZipArchiveEntry? entry) && NameOf(entry) == path ? entry : null;

    private static PackageIdentity IdentityOf(ZipArchive archive)
    {
        // Not disposed: it would close the archive.
        PackageArchiveReader reader = new(archive);
        return reader.GetIdentity();
    }

    private static PackageDescriptor ReadDescriptor(Dictionary<string, ZipArchiveEntry> entries)
    {
        if (Take(entries, PackageDescriptor.FileName) is not { } entry || entry.Length > PackageDescriptor.MaximumBytes)
        {
            throw new InvalidDataException($"it has no {PackageDescriptor.FileName}");
        }

        byte[] json = new byte[entry.Length];
        using Stream stream = entry.Open();
        stream.ReadExactly(json);
        return PackageDescriptor.Read(json);
    }

    private static void CheckFiles(
        PackageDescriptor descriptor, Dictionary<string, ZipArchiveEntry> entries, string name, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        long total = descriptor.Files.Sum(file => file.Bytes);
        long done = 0;
        foreach (PackageFile file in descriptor.Files)
        {
            if (Take(entries, file.Path) is not { } entry || entry.Length != file.Bytes || DigestOf(entry, Advance, cancellationToken) != file.Sha256)
            {
                throw new InvalidDataException($"its file '{file.Path}' is not what its {PackageDescriptor.FileName} says");
            }
        }

        void Advance(long bytes)
        {
            done += bytes;
            progress?.Report(new QuantizationEvent.Progress("package", $"checking {name}", done, total));
        }
    }

    private static void CheckOthers(IEnumerable<ZipArchiveEntry> others, CancellationToken cancellationToken)
    {
        long bytes = 0;
        foreach (ZipArchiveEntry entry in others)
        {
            bytes += entry.Length;
            if (bytes > MaximumOtherBytes)
            {
                throw new InvalidDataException("it holds more than its model");
            }

            DigestOf(entry, null, cancellationToken);
        }
    }

    /// <summary>Reads an entry, up to the length that it claims.</summary>
    private static string DigestOf(ZipArchiveEntry entry, Action<long>? advanced, CancellationToken cancellationToken)
    {
        long read = 0;
        using Stream stream = entry.Open();
        return FileDigests.Hash(stream, null, Count, cancellationToken);

        void Count(long bytes)
        {
            read += bytes;
            if (read > entry.Length)
            {
                throw new InvalidDataException($"its entry '{entry.FullName}' is larger than it says");
            }

            advanced?.Invoke(bytes);
        }
    }
}
