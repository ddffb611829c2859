using System.Text.Json;

namespace MobileQuant.Caching;

/// <summary>
/// Artifacts by content key, in a folder that many processes share. Entries appear by one rename and are checked against their
/// digest whenever they are served; a damaged one is put aside and reported, never used.
/// </summary>
/// <remarks>
/// <code>
/// entries/ab/abcdef.../artifact.mq.safetensors, entry.json     (its file time: when last used)
///                     quality-TEXT.json                       figures of the artifact on an evaluation text, by its digest
/// locks/abcdef....lock                                         one builder per key
/// building/build.HOST.PID.GUID.mqtmp/                          work in progress
/// learning/abcdef....state                                     how far learning came, until the entry is there
/// quarantine/abcdef....GUID/                                   entries that failed their digest
/// digests.json                                                 remembered digests of large files
/// counts.json                                                  how often it was asked, and with what success
/// </code>
/// </remarks>
public sealed class ContentStore
{
    /// <summary>Name of the artifact inside an entry.</summary>
    internal const string ArtifactName = "artifact.mq.safetensors";

    private const string EntryName = "entry.json";

    /// <summary>States of learning that nobody went on with for as long are deleted.</summary>
    private static readonly TimeSpan StateLifetime = TimeSpan.FromDays(7);

    private readonly string _entries;
    private readonly string _locks;
    private readonly string _building;
    private readonly string _learning;
    private readonly string _quarantine;

    private ContentStore(string directory, long limitBytes)
    {
        Location = directory;
        LimitBytes = limitBytes;
        _entries = Path.Combine(directory, "entries");
        _locks = Path.Combine(directory, "locks");
        _building = Path.Combine(directory, "building");
        _learning = Path.Combine(directory, "learning");
        _quarantine = Path.Combine(directory, "quarantine");
        Digests = new FileDigests(Path.Combine(directory, "digests.json"));
        Counters = new StoreCounters(Path.Combine(directory, "counts.json"), Path.Combine(_locks, "counts.lock"));
        Quality = new StoredQuality(FolderOf, Find, _building);
    }

    /// <summary>The store's folder, absolute.</summary>
    public string Location { get; }

    /// <summary>Adding an entry evicts least recently used ones above this size.</summary>
    public long LimitBytes { get; }

    internal FileDigests Digests { get; }

    internal StoreCounters Counters { get; }

    /// <summary>Figures of the entries' artifacts.</summary>
    internal StoredQuality Quality { get; }

    /// <summary>Opens a store, creating it private to the user when it is not there.</summary>
    /// <param name="directory">The folder, or null for <see cref="StoreLocation.Resolve"/>.</param>
    /// <param name="limitBytes">The size limit, or null for <see cref="StoreLocation.ResolveLimit"/>.</param>
    /// <returns>The store.</returns>
    /// <exception cref="MobileQuantException">MQ4003: the folder cannot be created or written.</exception>
    public static ContentStore Open(string? directory = null, long? limitBytes = null)
    {
        ContentStore store = new(StoreLocation.Resolve(directory), limitBytes ?? StoreLocation.ResolveLimit());
        try
        {
            foreach (string folder in (string[])[store.Location, store._entries, store._locks, store._building, store._learning])
            {
                CreatePrivate(folder);
            }

            TemporaryPath.Sweep(store._building);
            TemporaryPath.Sweep(store._learning);
            TemporaryPath.Sweep(store.Location);
            store.DeleteStates(StateLifetime);
            return store;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MobileQuantException(
                "MQ4003",
                $"The store of quantized models cannot be used at {store.Location}: {e.Message}",
                $"Name a folder that can be written with --cache-directory or {StoreLocation.DirectoryVariable}, or work without the store (--no-cache).",
                e);
        }
    }

    /// <summary>All entries whose description can be read, most recently used first.</summary>
    /// <returns>The entries.</returns>
    public IReadOnlyList<StoreEntry> List()
    {
        List<StoreEntry> entries = [];
        foreach (string folder in EntryFolders())
        {
            if (ReadEntry(folder, Path.GetFileName(folder)) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return [.. entries.OrderByDescending(entry => entry.LastUsed)];
    }

    /// <summary>How often the store was asked by all processes so far, and with what success.</summary>
    /// <returns>The counts.</returns>
    public StoreCounts ReadCounts() => Counters.Read();

    /// <summary>How many damaged entries were put aside and still lie there.</summary>
    /// <returns>Their number.</returns>
    public int CountQuarantined() => Directory.Exists(_quarantine) ? Directory.EnumerateDirectories(_quarantine).Count() : 0;

    /// <summary>Bytes of all files of the store.</summary>
    /// <returns>The sum of their sizes.</returns>
    public long MeasureBytes() => SizeOf(new DirectoryInfo(Location));

    /// <summary>Checks every entry against its digest and puts damaged ones aside.</summary>
    /// <param name="progress">Told the entry that is being read; may be null.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <returns>How many are whole, and the keys of those that were not.</returns>
    public (int Whole, IReadOnlyList<string> Damaged) Verify(IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        int whole = 0;
        List<string> damaged = [];
        string[] folders = [.. EntryFolders()];
        for (int i = 0; i < folders.Length; i++)
        {
            string key = Path.GetFileName(folders[i]);
            progress?.Report(new QuantizationEvent.Progress("verify", $"checking {key[..12]}", i, folders.Length));
            if (Check(key, cancellationToken))
            {
                whole++;
            }
            else
            {
                damaged.Add(key);
            }
        }

        return (whole, damaged);
    }

    /// <summary>Whether an entry matches its digest; one that does not is put aside.</summary>
    internal bool Check(string key, CancellationToken cancellationToken)
    {
        string folder = FolderOf(key);
        string artifact = Path.Combine(folder, ArtifactName);
        if (ReadEntry(folder, key) is { } entry && File.Exists(artifact) && FileDigests.Hash(artifact, null, cancellationToken) == entry.Sha256)
        {
            return true;
        }

        Quarantine(key);
        return false;
    }

    /// <summary>Deletes least recently used entries until the store's entries fit, and everything that was put aside or never finished.</summary>
    /// <param name="limitBytes">What the entries may take.</param>
    /// <returns>How many entries and bytes were deleted.</returns>
    public (int Entries, long Bytes) Collect(long limitBytes)
    {
        (int count, long bytes) = Evict(limitBytes, keep: null);
        if (Directory.Exists(_quarantine))
        {
            bytes += SizeOf(new DirectoryInfo(_quarantine));
            DeleteFolder(_quarantine);
        }

        return (count, bytes + DeleteStates(TimeSpan.Zero));
    }

    /// <summary>Whether there is an entry, whole or not.</summary>
    internal bool Contains(string key) => Directory.Exists(FolderOf(key));

    /// <summary>The description of an entry, or null when there is none that can be read.</summary>
    internal StoreEntry? Find(string key) => ReadEntry(FolderOf(key), key);

    /// <summary>Opens an entry's artifact, unchecked.</summary>
    /// <exception cref="IOException">It is not there any more.</exception>
    internal FileStream OpenArtifact(string key) =>
        new(Path.Combine(FolderOf(key), ArtifactName), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);

    /// <summary>Copies an entry's artifact to <paramref name="outputPath"/>, checking its digest on the way.</summary>
    /// <param name="key">The content key.</param>
    /// <param name="outputPath">Replaced in one step.</param>
    /// <param name="progress">Told of damage; may be null.</param>
    /// <param name="cancellationToken">Stops between chunks, leaving nothing.</param>
    /// <returns>The entry, or null when the store has no whole one.</returns>
    internal StoreEntry? TryMaterialize(string key, string outputPath, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        string folder = FolderOf(key);
        if (!Directory.Exists(folder))
        {
            return null;
        }

        string artifact = Path.Combine(folder, ArtifactName);
        StoreEntry? entry = ReadEntry(folder, key);
        if (entry is null || !File.Exists(artifact))
        {
            ReportDamage(key, progress);
            return null;
        }

        try
        {
            if (!AlreadyThere(outputPath, entry, cancellationToken) && !CopyChecked(artifact, entry, outputPath, progress, cancellationToken))
            {
                ReportDamage(key, progress);
                return null;
            }
        }
        catch (IOException e) when (DiskErrors.IsDiskFull(e))
        {
            throw DiskErrors.Full(e, outputPath);
        }

        Touch(folder);
        return entry;
    }

    /// <summary>Where learning for a key saves how far it is; only who holds the key's lock may use it.</summary>
    internal string LearningStateOf(string key) => Path.Combine(_learning, key + ".state");

    /// <summary>A folder to build an entry in; deleted unless <see cref="Add"/> takes it.</summary>
    internal TemporaryPath CreateStaging() => TemporaryPath.FolderIn(_building);

    /// <summary>Makes the artifact in <paramref name="staging"/> the entry of a fingerprint.</summary>
    /// <param name="staging">Holds the finished file <see cref="ArtifactName"/>.</param>
    /// <param name="entry">Its description.</param>
    internal void Add(TemporaryPath staging, StoreEntry entry)
    {
        WriteThrough(Path.Combine(staging.Path, EntryName), JsonSerializer.SerializeToUtf8Bytes(entry, CachingJson.Default.StoreEntry));
        string folder = FolderOf(entry.Key);
        Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        Remove(folder);
        Directory.Move(staging.Path, folder);
        Evict(LimitBytes, keep: entry.Key);
    }

    internal StoreLock Lock(string key, string subject, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken) =>
        StoreLock.Acquire(Path.Combine(_locks, key + ".lock"), subject, progress, cancellationToken);

    private static bool AlreadyThere(string outputPath, StoreEntry entry, CancellationToken cancellationToken)
    {
        FileInfo output = new(outputPath);
        if (!output.Exists || output.LinkTarget is not null || output.Length != entry.Bytes || FileDigests.Hash(outputPath, null, cancellationToken) != entry.Sha256)
        {
            return false;
        }

        // Same bytes: only the time moves, so that a build that compares times sees the output as made now.
        output.LastWriteTimeUtc = DateTime.UtcNow;
        return true;
    }

    private static bool CopyChecked(string artifact, StoreEntry entry, string outputPath, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        progress?.Report(new QuantizationEvent.Progress("copy", "copying from the store", 0, entry.Bytes));
        using TemporaryPath temporary = TemporaryPath.Beside(outputPath);
        using (FileStream source = new(artifact, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan))
        {
            if (source.Length != entry.Bytes)
            {
                return false;
            }

            using FileStream target = new(temporary.Path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            if (FileDigests.Hash(source, target, null, cancellationToken) != entry.Sha256)
            {
                return false;
            }

            target.Flush(flushToDisk: true);
        }

        File.Move(temporary.Path, outputPath, overwrite: true);
        return true;
    }

    internal static void WriteThrough(string path, byte[] bytes)
    {
        using FileStream stream = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        stream.Write(bytes);
        stream.Flush(flushToDisk: true);
    }

    private static StoreEntry? ReadEntry(string folder, string key)
    {
        try
        {
            FileInfo file = new(Path.Combine(folder, EntryName));
            StoreEntry? entry = JsonSerializer.Deserialize(File.ReadAllBytes(file.FullName), CachingJson.Default.StoreEntry);
            return entry is { Version: StoreEntry.CurrentVersion, Fingerprint: not null } && entry.Key == key
                ? entry with { LastUsed = file.LastWriteTimeUtc }
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static void CreatePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            // The user's own folders are private there by inheritance.
            Directory.CreateDirectory(folder);
        }
        else if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static long SizeOf(DirectoryInfo folder)
    {
        try
        {
            return folder.Exists ? folder.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Exists ? file.Length : 0) : 0;
        }
        catch (IOException)
        {
            // Something was deleted meanwhile; the size is for information.
            return 0;
        }
    }

    private static void Touch(string folder)
    {
        try
        {
            File.SetLastWriteTimeUtc(Path.Combine(folder, EntryName), DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A store that can only be read serves all the same.
        }
    }

    private static void DeleteFolder(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Somebody else was faster.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In use (Windows): collected another time.
        }
    }

    /// <summary>Deletes states of learning that were not written for a while, and returns their bytes.</summary>
    private long DeleteStates(TimeSpan unused)
    {
        long bytes = 0;
        foreach (FileInfo state in new DirectoryInfo(_learning).EnumerateFiles("*.state").Where(state => DateTime.UtcNow - state.LastWriteTimeUtc >= unused))
        {
            try
            {
                long length = state.Length;
                state.Delete();
                bytes += length;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // In use (Windows), or gone already: another time.
            }
        }

        return bytes;
    }

    private (int Count, long Bytes) Evict(long limitBytes, string? keep)
    {
        IReadOnlyList<StoreEntry> entries = List();
        long total = entries.Sum(entry => entry.Bytes);
        int count = 0;
        long bytes = 0;
        foreach (StoreEntry entry in entries.Reverse().Where(entry => entry.Key != keep))
        {
            if (total - bytes <= limitBytes)
            {
                break;
            }

            Remove(FolderOf(entry.Key));
            count++;
            bytes += entry.Bytes;
        }

        return (count, bytes);
    }

    /// <summary>Takes an entry out of sight in one rename, then deletes it.</summary>
    private void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            using TemporaryPath grave = TemporaryPath.FolderIn(_building);
            MoveAway(folder, Path.Combine(grave.Path, "evicted"));
        }
    }

    /// <summary>Moves an entry unless somebody else was faster.</summary>
    private static void MoveAway(string folder, string target)
    {
        try
        {
            Directory.Move(folder, target);
        }
        catch (IOException) when (!Directory.Exists(folder))
        {
            // Asked for, and not told by the exception: a process whose first failing call this is may see "Unknown error 203".
        }
    }

    private void ReportDamage(string key, IProgress<QuantizationEvent>? progress)
    {
        Quarantine(key);
        progress?.Report(new QuantizationEvent.Warning("MQ4004", $"The stored artifact {key[..12]} does not match its digest; it was put aside ({_quarantine}) and is made again."));
    }

    private void Quarantine(string key)
    {
        CreatePrivate(_quarantine);
        MoveAway(FolderOf(key), Path.Combine(_quarantine, $"{key}.{Guid.NewGuid():N}"));
    }

    private IEnumerable<string> EntryFolders() =>
        Directory.EnumerateDirectories(_entries).SelectMany(Directory.EnumerateDirectories).Where(folder => Path.GetFileName(folder).Length == 64);

    private string FolderOf(string key) => Path.Combine(_entries, key[..2], key);
}
