using MobileQuant.Caching;
using MobileQuant.Caching.Remote;
using MobileQuant.JobHost;
using MobileQuant.Tests.Evaluation.Quality;

namespace MobileQuant.Tests.Caching.Remote;

/// <summary>Publishing what a store has already.</summary>
public sealed class StorePushTests : IDisposable
{
    private readonly JobFixture _first = new();
    private readonly JobFixture _second = new();
    private readonly FakeDistributedCache _cache = new();
    private readonly EventLog _log = new();

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    [Fact]
    public async Task Another_machine_takes_what_was_pushed_and_a_second_push_sends_nothing()
    {
        await FillAsync(1, 2, 3);
        Assert.Empty(_cache.Written);

        StorePushResult pushed = Push();
        int written = _cache.Written.Count;
        StorePushResult again = Push();

        Assert.Equal(3, pushed.Published.Count);
        Assert.Equal(_first.Store.List().Sum(entry => entry.Bytes), pushed.Bytes);
        Assert.Empty(pushed.Present.Concat(pushed.Damaged));
        Assert.Equal(pushed.Published.Order(StringComparer.Ordinal), again.Present.Order(StringComparer.Ordinal));
        Assert.Empty(again.Published.Concat(again.Damaged));
        Assert.Equal(0, again.Bytes);
        Assert.Equal(written, _cache.Written.Count);
        Assert.Contains(_log.Steps, step => step.Step == "publish" && step.Done == step.Total);
        Assert.Equal(ArtifactSource.Remote, (await FetchAsync(2)).From);
        Assert.DoesNotContain(_cache.Values.Values, value => System.Text.Encoding.UTF8.GetString(value).Contains(_first.Folder.Path, StringComparison.Ordinal));
        Assert.DoesNotContain(_cache.Values.Keys, name => name.Contains("lease", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_what_is_named_is_pushed_and_what_is_there_stays()
    {
        string[] keys = await FillAsync(1, 2);
        Assert.Equal([keys[0]], Push([_first.Store.Find(keys[0])!]).Published);
        byte[] there = _cache.Values[RemoteNames.Manifest(keys[0])];

        // Made again with other bytes, as on a machine of another type.
        string before = _first.Store.Find(keys[0])!.Sha256;
        await new QuantizationJob(new SlowProducer(TimeSpan.Zero)).ExecuteAsync(_first.Request with { Seed = 1, Force = true }, null, default);
        Assert.NotEqual(before, _first.Store.Find(keys[0])!.Sha256);
        StorePushResult rest = Push();
        Assert.Equal([keys[0]], rest.Present);
        Assert.Equal([keys[1]], rest.Published);
        Assert.Same(there, _cache.Values[RemoteNames.Manifest(keys[0])]);
    }

    [Fact]
    public async Task A_damaged_entry_is_put_aside_and_nothing_of_it_is_sent()
    {
        await FillAsync(1, 2);
        StoreEntry bad = _first.Store.List()[0];
        string artifact = _first.Folder[$"store/entries/{bad.Key[..2]}/{bad.Key}/artifact.mq.safetensors"];
        byte[] bytes = await File.ReadAllBytesAsync(artifact);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(artifact, bytes);

        StorePushResult pushed = Push();

        Assert.Equal([bad.Key], pushed.Damaged);
        Assert.Single(pushed.Published);
        Assert.Equal(["MQ4004"], _log.Warnings);
        Assert.Equal(2, _cache.Values.Count);
        Assert.False(_cache.Values.ContainsKey(RemoteNames.Manifest(bad.Key)));
        Assert.Equal(1, _first.Store.CountQuarantined());
        Assert.Single(_first.Store.List());
    }

    [Theory]
    [InlineData("manifest", false)]
    [InlineData("chunk", true)]
    public async Task What_is_there_and_of_no_use_is_replaced(string kind, bool verify)
    {
        await FillAsync(1);
        Push();
        string name = Assert.Single(_cache.Values.Keys, key => key.Contains(kind, StringComparison.Ordinal));
        byte[] good = _cache.Values[name];
        foreach (byte[]? bad in (byte[]?[])[[.. good[..^1], (byte)(good[^1] ^ 1)], [], kind == "chunk" ? null : [1]])
        {
            EventLog log = new();
            _cache.Values.TryRemove(name, out _);
            if (bad is not null)
            {
                _cache.Values[name] = bad;
            }

            Assert.Equal(kind == "chunk" ? 1 : 0, Push(log: log, verify: false).Present.Count);
            Assert.Equal(verify ? 1 : 0, Push(log: log, verify: true).Published.Count);
            Assert.Equal(["MQ4011"], log.Warnings);
            Assert.Equal(good, _cache.Values[name]);
        }

        Assert.Single(Push(verify: true).Present);
        Assert.Equal(ArtifactSource.Remote, (await FetchAsync(1)).From);
    }

    [Fact]
    public async Task A_remote_cache_that_fails_is_an_error_at_any_moment_and_a_second_push_goes_on()
    {
        await FillAsync(1, 2);
        int total = int.MaxValue;
        int failing = 1;
        for (; failing <= total; failing++)
        {
            int operations = 0;
            bool fails = true;
            FakeDistributedCache cache = new((_, _, _) => Interlocked.Increment(ref operations) == failing && fails ? throw new TimeZoneNotFoundException("broken") : Task.CompletedTask);
            try
            {
                Push(cache: cache);
                total = failing;
            }
            catch (MobileQuantException e)
            {
                Assert.Equal("MQ4010", e.Code);
                Assert.Contains("broken", e.Message, StringComparison.Ordinal);
                Assert.Contains($"{cache.Values.Keys.Count(key => key.Contains("manifest", StringComparison.Ordinal))} were published", e.Message, StringComparison.Ordinal);
            }

            fails = false;
            StorePushResult rest = Push(cache: cache, verify: true);
            Assert.Equal(2, rest.Published.Count + rest.Present.Count);
        }

        // Per entry: look, part, manifest.
        Assert.Equal(7, total);
    }

    [Fact]
    public async Task Figures_of_quality_go_along()
    {
        StandInMeter meter = new();
        QuantizationRequest limited = _first.Request with { Limits = new() { MinSqnr = 1 } };
        await new QuantizationJob(_first.Producer, meter).ExecuteAsync(limited, null, default);
        Push();

        QuantizationResult fetched = await new QuantizationJob(_second.Producer, meter).ExecuteAsync(
            _second.Request with { Limits = limited.Limits, RemoteStore = new DistributedRemoteStore(_cache) }, null, default);
        Assert.Equal(ArtifactSource.Remote, fetched.From);
        Assert.NotNull(fetched.Quality);
        Assert.Single(meter.Measured);
    }

    [Fact]
    public async Task A_cancelled_push_stops_between_parts()
    {
        await FillAsync(1, 2);
        using CancellationTokenSource stop = new();
        FakeDistributedCache cache = new((operation, _, _) =>
        {
            if (operation == "set")
            {
                stop.Cancel();
            }

            return Task.CompletedTask;
        });
        Assert.ThrowsAny<OperationCanceledException>(() => Push(cache: cache, cancellationToken: stop.Token));
        Assert.DoesNotContain(cache.Values.Keys, key => key.Contains("manifest", StringComparison.Ordinal));
    }

    private StorePushResult Push(IReadOnlyList<StoreEntry>? entries = null, bool verify = false, FakeDistributedCache? cache = null, EventLog? log = null, CancellationToken cancellationToken = default)
    {
        ContentStore store = _first.Store;
        return new StorePush(store, new DistributedRemoteStore(cache ?? _cache), TimeSpan.FromMinutes(1), log ?? _log).Run(entries ?? store.List(), verify, cancellationToken);
    }

    private async Task<string[]> FillAsync(params int[] seeds)
    {
        List<string> keys = [];
        foreach (int seed in seeds)
        {
            keys.Add((await _first.RunAsync(_first.Request with { Seed = seed })).Fingerprint);
        }

        return [.. keys];
    }

    private Task<QuantizationResult> FetchAsync(int seed) => _second.RunAsync(_second.Request with { Seed = seed, RemoteStore = new DistributedRemoteStore(_cache) });
}
