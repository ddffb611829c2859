using MobileQuant.Caching.Remote;

namespace MobileQuant.Tests.Caching.Remote;

/// <summary>What every backend promises, asked of each of them.</summary>
public sealed class RemoteStoreTests(RedisServer redis) : IClassFixture<RedisServer>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_keeps_its_promises()
    {
        await KeepsPromises(new FolderRemoteStore(_folder["not yet/there"]));
        Assert.Empty(_folder.Files("not yet/there/incoming"));
    }

    [Fact]
    public Task A_distributed_cache_keeps_its_promises() => KeepsPromises(new DistributedRemoteStore(new FakeDistributedCache()));

    [RedisFact]
    public async Task Redis_keeps_its_promises()
    {
        using RedisRemoteStore store = redis.Connect();
        await KeepsPromises(store);
    }

    [Fact]
    public Task One_of_many_adds_to_a_folder() => AddsOnce(_ => new FolderRemoteStore(_folder["shared"]));

    [RedisFact]
    public Task One_of_many_adds_to_Redis() => AddsOnce(_ => redis.Connect());

    [RedisFact]
    public async Task A_lifetime_ends_in_Redis()
    {
        using RedisRemoteStore store = redis.Connect();
        string name = "mobilequant/1/lease/" + Guid.NewGuid().ToString("N");
        Assert.True(await store.TryAddAsync(name, [1], TimeSpan.FromMilliseconds(300), default));
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        while (await store.GetAsync(name, 10, limit.Token) is not null)
        {
            limit.Token.ThrowIfCancellationRequested();
        }

        await store.SetAsync(name, [2], TimeSpan.FromMilliseconds(300), default);
        while (await store.GetAsync(name, 10, limit.Token) is not null)
        {
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../b")]
    [InlineData("a//b")]
    [InlineData("a/.hidden")]
    [InlineData("a\\b")]
    [InlineData("c:x")]
    [InlineData("line\n")]
    [InlineData("")]
    public async Task No_name_leaves_a_folder(string name) =>
        await Assert.ThrowsAsync<ArgumentException>(() => new FolderRemoteStore(_folder["in/here"]).SetAsync(name, [1], null, default));

    [Fact]
    public async Task What_a_killed_writer_left_in_a_folder_is_swept()
    {
        string left = _folder.Write("shared/incoming/" + MobileQuant.Caching.TemporaryPath.NewName(".x", DeadProcess.Id()), "half");
        await new FolderRemoteStore(_folder["shared"]).SetAsync("a/b", [1], null, default);
        Assert.False(File.Exists(left));
        Assert.Equal([Path.Combine("a", "b")], _folder.Files("shared"));
    }

    private static async Task KeepsPromises(IRemoteStore store)
    {
        string name = "mobilequant/1/chunk/" + Guid.NewGuid().ToString("N");
        byte[] large = new byte[(16 << 20) - 1];
        new Random(1).NextBytes(large);

        Assert.Null(await store.GetAsync(name, 100, default));
        await store.RemoveAsync(name, default);
        await store.SetAsync(name, [1, 2, 3], null, default);
        Assert.Equal([1, 2, 3], await store.GetAsync(name, 3, default));
        await Assert.ThrowsAsync<InvalidDataException>(() => store.GetAsync(name, 2, default));
        Assert.False(await store.TryAddAsync(name, [9], TimeSpan.FromMinutes(1), default));
        await store.SetAsync(name, large, null, default);
        Assert.Equal(large, await store.GetAsync(name, large.Length, default));
        await store.RemoveAsync(name, default);
        Assert.Null(await store.GetAsync(name, 100, default));
        Assert.True(await store.TryAddAsync(name, [4], TimeSpan.FromMinutes(1), default));
        Assert.Equal([4], await store.GetAsync(name, 100, default));
        Assert.DoesNotContain("hush", store.Name, StringComparison.Ordinal);
    }

    private static async Task AddsOnce(Func<int, IRemoteStore> open)
    {
        IRemoteStore[] stores = [.. Enumerable.Range(0, 8).Select(open)];
        for (int round = 0; round < 10; round++)
        {
            string name = "mobilequant/1/lease/" + Guid.NewGuid().ToString("N");
            bool[] added = await Task.WhenAll(stores.Select((store, i) => Task.Run(() => store.TryAddAsync(name, [(byte)i], TimeSpan.FromMinutes(1), default))));
            int winner = Assert.Single(Enumerable.Range(0, 8), i => added[i]);
            Assert.Equal((byte)winner, Assert.Single((await stores[0].GetAsync(name, 10, default))!));
        }

        foreach (IRemoteStore store in stores)
        {
            (store as IDisposable)?.Dispose();
        }
    }
}
