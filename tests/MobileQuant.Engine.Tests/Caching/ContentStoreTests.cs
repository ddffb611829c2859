using MobileQuant.Caching;

namespace MobileQuant.Tests.Caching;

public sealed class ContentStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_store_is_private_to_the_user()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        ContentStore store = ContentStore.Open(_folder["a/b/store"]);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(store.Location));
    }

    [Fact]
    public void Least_recently_used_entries_go_first_and_the_new_one_stays()
    {
        ContentStore store = ContentStore.Open(_folder["store"], limitBytes: 250);
        Add(store, 'a', bytes: 100);
        Add(store, 'b', bytes: 100);
        Age(store, 'a', hours: 1);
        Age(store, 'b', hours: 2);
        Assert.NotNull(store.TryMaterialize(Key('b'), _folder["b.out"], null, default));

        Add(store, 'c', bytes: 100);
        Assert.Equal([Key('b'), Key('c')], store.List().Select(entry => entry.Key).Order());

        Add(store, 'd', bytes: 1000);
        Assert.Equal([Key('d')], store.List().Select(entry => entry.Key));
    }

    [Fact]
    public void Collecting_to_nothing_empties_the_store()
    {
        ContentStore store = ContentStore.Open(_folder["store"]);
        Add(store, 'a', bytes: 100);
        Add(store, 'b', bytes: 50);

        Assert.Equal((2, 150L), store.Collect(0));
        Assert.Empty(store.List());
        Assert.Empty(_folder.Files("store/entries"));
        Assert.Empty(_folder.Files("store/building"));
    }

    [Fact]
    public void Verifying_puts_damaged_entries_aside()
    {
        ContentStore store = ContentStore.Open(_folder["store"]);
        Add(store, 'a', bytes: 100);
        Add(store, 'b', bytes: 100);
        File.AppendAllText(Path.Combine(_folder["store"], "entries", "bb", Key('b'), ContentStore.ArtifactName), "x");

        (int whole, IReadOnlyList<string> damaged) = store.Verify();

        Assert.Equal(1, whole);
        Assert.Equal([Key('b')], damaged);
        Assert.Equal([Key('a')], store.List().Select(entry => entry.Key));
    }

    [Fact]
    public void What_a_dead_process_was_making_is_swept()
    {
        ContentStore.Open(_folder["store"]);
        string building = Path.Combine(_folder["store"], "building");
        string dead = Directory.CreateDirectory(Path.Combine(building, TemporaryPath.NewName("build", DeadProcess.Id()))).FullName;
        string alive = Directory.CreateDirectory(Path.Combine(building, TemporaryPath.NewName("build"))).FullName;
        string elsewhere = Directory.CreateDirectory(Path.Combine(building, TemporaryPath.NewName("build", DeadProcess.Id(), "0badcafe"))).FullName;
        string forgotten = Directory.CreateDirectory(Path.Combine(building, TemporaryPath.NewName("build", DeadProcess.Id(), "0badcafe"))).FullName;
        Directory.SetLastWriteTimeUtc(forgotten, DateTime.UtcNow.AddDays(-8));

        ContentStore.Open(_folder["store"]);

        Assert.False(Directory.Exists(dead));
        Assert.True(Directory.Exists(alive));
        Assert.True(Directory.Exists(elsewhere));
        Assert.False(Directory.Exists(forgotten));
    }

    [Fact]
    public void A_lock_file_of_a_dead_process_does_not_block()
    {
        string path = _folder["key.lock"];
        File.WriteAllText(path, "");
        File.WriteAllText(path + ".owner", $$"""{"pid":{{DeadProcess.Id()}},"host":"elsewhere"}""");
        EventLog log = new();

        using StoreLock held = StoreLock.Acquire(path, "a model", log, default);

        Assert.Empty(log.Messages);
        Assert.Null(StoreLock.TryAcquire(path));
    }

    [Fact]
    public void Waiting_for_a_lock_can_be_cancelled()
    {
        using StoreLock held = StoreLock.Acquire(_folder["key.lock"], "a model", null, default);
        using CancellationTokenSource source = new(TimeSpan.FromMilliseconds(100));

        Assert.ThrowsAny<OperationCanceledException>(() => StoreLock.Acquire(_folder["key.lock"], "a model", null, source.Token));
    }

    private static string Key(char digit) => new(digit, 64);

    private static void Add(ContentStore store, char digit, int bytes)
    {
        using TemporaryPath staging = store.CreateStaging();
        string artifact = Path.Combine(staging.Path, ContentStore.ArtifactName);
        File.WriteAllText(artifact, new string(digit, bytes));
        store.Add(staging, new StoreEntry
        {
            Key = Key(digit),
            Source = "model",
            Bytes = bytes,
            Sha256 = FileDigests.Hash(artifact, null, default),
            Created = DateTimeOffset.UnixEpoch,
            Fingerprint = [Fingerprint.Setting("precision", "W8A8")],
        });
    }

    private static void Age(ContentStore store, char digit, int hours) =>
        File.SetLastWriteTimeUtc(Path.Combine(store.Location, "entries", $"{digit}{digit}", Key(digit), "entry.json"), DateTime.UtcNow.AddHours(-hours));
}
