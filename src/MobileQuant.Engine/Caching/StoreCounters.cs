using System.Diagnostics;
using System.Text.Json;

namespace MobileQuant.Caching;

/// <summary>Counts over all processes that use a store: a small file that one of them replaces at a time.</summary>
internal sealed class StoreCounters(string path, string lockPath)
{
    // Counting takes a moment. Whoever cannot for as long goes on uncounted: this is for information.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The counts so far; none where they cannot be read.</summary>
    public StoreCounts Read()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), CachingJson.Default.StoreCounts) ?? StoreCounts.None;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return StoreCounts.None;
        }
    }

    /// <summary>Adds one.</summary>
    /// <param name="from">Where the artifact came from; null: it had to be made.</param>
    public void Count(ArtifactSource? from)
    {
        try
        {
            using FileStream? held = Lock();
            if (held is null)
            {
                return;
            }

            StoreCounts counts = Read();
            counts = from switch
            {
                ArtifactSource.Store => counts with { Hits = counts.Hits + 1 },
                ArtifactSource.Remote => counts with { RemoteHits = counts.RemoteHits + 1 },
                _ => counts with { Misses = counts.Misses + 1 },
            };
            using TemporaryPath temporary = TemporaryPath.Beside(path);
            File.WriteAllBytes(temporary.Path, JsonSerializer.SerializeToUtf8Bytes(counts, CachingJson.Default.StoreCounts));
            File.Move(temporary.Path, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A store that can only be read serves all the same.
        }
    }

    private FileStream? Lock()
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException) && Stopwatch.GetElapsedTime(start) < Patience)
            {
                Thread.Sleep(2);
            }
        }
    }
}
