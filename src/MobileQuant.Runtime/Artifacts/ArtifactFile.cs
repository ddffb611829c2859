using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace MobileQuant.Artifacts;

/// <summary>An opened artifact: the mapped file with its manifest, checked. <see cref="ProgramReader"/> makes a program of it.</summary>
public sealed class ArtifactFile : IDisposable
{
    private readonly SafetensorsFile _file;

    private ArtifactFile(string path, SafetensorsFile file, ArtifactManifest manifest)
    {
        Path = path;
        _file = file;
        Manifest = manifest;
    }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <summary>The manifest.</summary>
    public ArtifactManifest Manifest { get; }

    /// <summary>The tensors.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors => _file.Tensors;

    /// <summary>Maps a file and checks its header, manifest and format version; weights are not read.</summary>
    /// <param name="path">An artifact.</param>
    /// <returns>The artifact.</returns>
    /// <exception cref="MobileQuantException">MQ6000 not an artifact, MQ6001 another format version, MQ6003 damaged, MQ20xx not a safetensors file.</exception>
    public static ArtifactFile Open(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        try
        {
            return new(path, file, ReadManifest(path, file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>True when the file's header says that it is an artifact; false for anything else, unreadable files included.</summary>
    /// <param name="path">Any path.</param>
    /// <returns>Whether to open it as an artifact.</returns>
    public static bool IsArtifact(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            return file.Metadata.ContainsKey(ArtifactNames.Manifest);
        }
        catch (MobileQuantException)
        {
            return false;
        }
    }

    /// <summary>The bytes of a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The mapped bytes; valid until this is disposed.</returns>
    public ReadOnlySpan<byte> GetBytes(string name) => _file.GetBytes(Find(name));

    /// <summary>Compares tensors with the digests in the manifest.</summary>
    /// <param name="includeWeights">False: all but the packed weights, which are the bulk of the file.</param>
    /// <param name="cancellationToken">Cancels between tensors.</param>
    /// <exception cref="MobileQuantException">MQ6003: a tensor differs from its digest, or has none.</exception>
    public void Verify(bool includeWeights, CancellationToken cancellationToken = default)
    {
        Compare(ArtifactManifest.SmallTensors, _file.Tensors.Values.Where(t => !ArtifactNames.IsWeight(t.Name)).OrderBy(t => t.Offset));
        if (!includeWeights)
        {
            return;
        }

        ParallelOptions options = new() { CancellationToken = cancellationToken };
        try
        {
            Parallel.ForEach(_file.Tensors.Values.Where(t => ArtifactNames.IsWeight(t.Name)).OrderByDescending(t => t.Length), options, t => Compare(t.Name, [t]));
        }
        catch (AggregateException e) when (e.InnerException is MobileQuantException first)
        {
            throw first;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    internal static MobileQuantException Damaged(string path, string what, Exception? cause = null) =>
        new("MQ6003", $"'{path}' is damaged: {what}.", "Quantize again, or restore the file from a good copy.", cause);

    internal unsafe NativeSpan<T> Map<T>(string name, string dtype, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        TensorEntry entry = Find(name);
        bool matches = entry.DType == dtype && entry.Shape.Count == shape.Length;
        for (int i = 0; matches && i < shape.Length; i++)
        {
            matches = entry.Shape[i] == shape[i];
        }

        if (!matches)
        {
            throw Damaged(Path, $"tensor '{name}' is {entry.DType} [{string.Join(", ", entry.Shape)}], expected {dtype} [{string.Join(", ", shape.ToArray())}]");
        }

        return new((T*)_file.GetPointer(entry), entry.Length / sizeof(T), _file);
    }

    private static ArtifactManifest ReadManifest(string path, SafetensorsFile file)
    {
        if (!file.Metadata.TryGetValue(ArtifactNames.Manifest, out string? json))
        {
            throw new MobileQuantException("MQ6000", $"'{path}' is a safetensors file but not a MobileQuant artifact.", "Make one with 'mobilequant quantize' or a QuantizedModel item.");
        }

        // The version first: another version's manifest may have another form.
        int version = ReadVersion(path, json);
        if (version is < ArtifactManifest.OldestFormatVersion or > ArtifactManifest.CurrentFormatVersion)
        {
            throw new MobileQuantException(
                "MQ6001",
                $"'{path}' has artifact format {version}; this runtime reads formats {ArtifactManifest.OldestFormatVersion} to {ArtifactManifest.CurrentFormatVersion}.",
                "Quantize again with the MobileQuant version that the app references, or update MobileQuant.Runtime.");
        }

        string digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)));
        if (!file.Metadata.TryGetValue(ArtifactNames.ManifestDigest, out string? expected) || digest != expected)
        {
            throw Damaged(path, "the manifest does not match its SHA-256");
        }

        try
        {
            return ManifestJson.Parse(json);
        }
        catch (JsonException e)
        {
            throw Damaged(path, "the manifest cannot be read: " + e.Message, e);
        }
    }

    private static int ReadVersion(string path, string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.GetProperty("formatVersion").GetInt32();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Damaged(path, "the manifest cannot be read: " + e.Message, e);
        }
    }

    private unsafe void Compare(string name, IEnumerable<TensorEntry> tensors)
    {
        const int step = 1 << 24;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TensorEntry entry in tensors)
        {
            byte* pointer = _file.GetPointer(entry);
            for (long at = 0; at < entry.Length; at += step)
            {
                hash.AppendData(new ReadOnlySpan<byte>(pointer + at, (int)Math.Min(step, entry.Length - at)));
            }
        }

        if (!Manifest.Digests.TryGetValue(name, out string? expected) || Convert.ToHexStringLower(hash.GetHashAndReset()) != expected)
        {
            throw Damaged(Path, name == ArtifactManifest.SmallTensors ? "its tables do not match their SHA-256" : $"tensor '{name}' does not match its SHA-256");
        }
    }

    private TensorEntry Find(string name) =>
        _file.Tensors.TryGetValue(name, out TensorEntry? entry) ? entry : throw Damaged(Path, $"tensor '{name}' is missing");
}
