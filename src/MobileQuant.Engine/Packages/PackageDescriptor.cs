using System.Buffers;
using System.Text.Json;

namespace MobileQuant.Packages;

/// <summary>
/// The file <c>mobilequant.json</c> at a package's root: what the package carries, with the digest of every file, so that
/// nothing of it is used that is not what was packed.
/// </summary>
internal sealed record PackageDescriptor
{
    /// <summary>The descriptor's name inside the package.</summary>
    public const string FileName = "mobilequant.json";

    /// <summary>A descriptor is never larger: what is larger is not read.</summary>
    public const int MaximumBytes = 1 << 20;

    /// <summary>The format that this version writes, and the only one that it reads.</summary>
    public const int CurrentFormat = 1;

    private const int MaximumFiles = 1000;

    private const long MaximumFileBytes = 1L << 42;

    /// <summary>What some system gives a meaning of its own in a path.</summary>
    private static readonly SearchValues<char> Foreign = SearchValues.Create("\\:*?\"<>|");

    /// <summary><see cref="CurrentFormat"/>.</summary>
    public required int Format { get; init; }

    /// <summary>Checkpoint or model.</summary>
    public required PackageKind Kind { get; init; }

    /// <summary>The artifact, the GGUF file, or the folder of the checkpoint: relative to the package, with forward slashes.</summary>
    public required string Root { get; init; }

    /// <summary>The files below the root, or the root itself.</summary>
    public required IReadOnlyList<PackageFile> Files { get; init; }

    /// <summary>The content key of the artifact; null for a checkpoint.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Bits of weights and activations of the artifact; null for a checkpoint.</summary>
    public string? Precision { get; init; }

    /// <summary>How the artifact was made; null for a checkpoint.</summary>
    public string? Recipe { get; init; }

    /// <summary>Reads a descriptor that comes from outside.</summary>
    /// <param name="json">UTF-8 JSON.</param>
    /// <exception cref="InvalidDataException">It is not one, or names files where none may be.</exception>
    public static PackageDescriptor Read(ReadOnlySpan<byte> json)
    {
        PackageDescriptor? descriptor;
        try
        {
            descriptor = JsonSerializer.Deserialize(json, PackagesJson.Default.PackageDescriptor);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"its {FileName} cannot be read: {e.Message}", e);
        }

        Require(descriptor is not null, "is empty");
        Require(descriptor!.Format == CurrentFormat, $"has format {descriptor.Format}; this version reads {CurrentFormat}");
        Require(Enum.IsDefined(descriptor.Kind), "has an unknown kind");
        Require(descriptor.Files is { Count: > 0 and <= MaximumFiles }, "lists no files, or too many");
        Require(IsInside(descriptor.Root), "has a root outside the package");
        HashSet<string> paths = new(StringComparer.OrdinalIgnoreCase);
        foreach (PackageFile? file in descriptor.Files!)
        {
            Require(file is not null && IsInside(file.Path), "lists a file outside the package");
            Require(file!.Bytes is >= 0 and <= MaximumFileBytes && IsDigest(file.Sha256), $"lists '{file.Path}' without size and digest");
            Require(paths.Add(file.Path), $"lists '{file.Path}' twice");
            Require(file.Path == descriptor.Root || file.Path.StartsWith(descriptor.Root + "/", StringComparison.Ordinal), $"lists '{file.Path}' outside its root");
        }

        Require(descriptor.Kind == PackageKind.Checkpoint || (descriptor.Files.Count == 1 && descriptor.Files[0].Path == descriptor.Root), "has a model of several files");
        return descriptor;
    }

    /// <summary>The descriptor as the file's bytes.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, PackagesJson.Default.PackageDescriptor);

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new InvalidDataException($"its {FileName} {problem}");
        }
    }

    /// <summary>Whether a path means the same place below the package's folder on every system.</summary>
    private static bool IsInside(string? path) =>
        !string.IsNullOrEmpty(path)
        && path.Length <= 400
        && !path.AsSpan().ContainsAny(Foreign)
        && !path.Any(char.IsControl)
        && path.Split('/').All(part => part.Length > 0 && part.Trim('.', ' ').Length > 0 && part == part.TrimEnd('.', ' '));

    private static bool IsDigest(string? text) => text is { Length: 64 } && text.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'));
}
