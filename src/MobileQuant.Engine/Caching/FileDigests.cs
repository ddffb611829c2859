using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace MobileQuant.Caching;

/// <summary>
/// SHA-256 of files. Digests of large files are remembered by path, size and time of last write, so that a build over a
/// checkpoint of many gigabytes reads it once.
/// </summary>
internal sealed class FileDigests
{
    /// <summary>Smaller files are read every time: it costs a millisecond.</summary>
    public const long RememberedFrom = 1 << 20;

    private const int ChunkBytes = 1 << 20;

    // A file written this recently may be written again within the resolution of its time stamp.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    private readonly string? _memoryPath;
    private readonly Lock _gate = new();
    private Dictionary<string, FileDigest>? _memory;

    /// <param name="memoryPath">Where digests are remembered, or null to remember nothing.</param>
    public FileDigests(string? memoryPath) => _memoryPath = memoryPath;

    /// <summary>The digest of a file.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="advanced">Told how many bytes were dealt with; may be null.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    public string Compute(string path, Action<long>? advanced, CancellationToken cancellationToken)
    {
        FileInfo file = new(path);
        long bytes = file.Length;
        long modified = file.LastWriteTimeUtc.Ticks;
        if (bytes < RememberedFrom || _memoryPath is null)
        {
            return Hash(path, advanced, cancellationToken);
        }

        if (Recall(path) is { } known && known.Bytes == bytes && known.Modified == modified)
        {
            advanced?.Invoke(bytes);
            return known.Sha256;
        }

        string digest = Hash(path, advanced, cancellationToken);
        file.Refresh();
        if (file.Length == bytes && file.LastWriteTimeUtc.Ticks == modified && DateTime.UtcNow - file.LastWriteTimeUtc > Settled)
        {
            Remember(path, new FileDigest(bytes, modified, digest));
        }

        return digest;
    }

    /// <summary>The digest of a file, always read.</summary>
    public static string Hash(string path, Action<long>? advanced, CancellationToken cancellationToken)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        return Hash(stream, null, advanced, cancellationToken);
    }

    /// <summary>The digest of a stream, copied to another on the way when that is given.</summary>
    public static string Hash(Stream source, Stream? copy, Action<long>? advanced, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            int read;
            while ((read = source.Read(buffer, 0, ChunkBytes)) > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, read);
                copy?.Write(buffer, 0, read);
                advanced?.Invoke(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private FileDigest? Recall(string path)
    {
        lock (_gate)
        {
            _memory ??= Load();
            return _memory.GetValueOrDefault(path);
        }
    }

    private void Remember(string path, FileDigest digest)
    {
        lock (_gate)
        {
            // Read again: another process may have added its own since. Losing one of two simultaneous additions costs a re-read, no more.
            Dictionary<string, FileDigest> memory = Load();
            foreach (string gone in memory.Keys.Where(known => !File.Exists(known)).ToArray())
            {
                memory.Remove(gone);
            }

            memory[path] = digest;
            _memory = memory;
            try
            {
                using TemporaryPath temporary = TemporaryPath.Beside(_memoryPath!);
                File.WriteAllBytes(temporary.Path, JsonSerializer.SerializeToUtf8Bytes(memory, CachingJson.Default.DictionaryStringFileDigest));
                File.Move(temporary.Path, _memoryPath!, overwrite: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The memory is an optimization: without it the file is read again next time.
            }
        }
    }

    private Dictionary<string, FileDigest> Load()
    {
        try
        {
            using FileStream stream = File.OpenRead(_memoryPath!);
            return JsonSerializer.Deserialize(stream, CachingJson.Default.DictionaryStringFileDigest) is { } loaded
                ? new(loaded.Where(pair => pair.Value is not null), StringComparer.Ordinal)
                : new(StringComparer.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return new(StringComparer.Ordinal);
        }
    }
}
