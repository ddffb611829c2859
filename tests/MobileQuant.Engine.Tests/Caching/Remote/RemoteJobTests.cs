using MobileQuant.Caching;
using MobileQuant.Caching.Remote;
using MobileQuant.Evaluation.Quality;
using MobileQuant.Tests.Evaluation.Quality;

namespace MobileQuant.Tests.Caching.Remote;

/// <summary>Jobs on several machines, each with a store of its own, that share a remote cache.</summary>
public sealed class RemoteJobTests(RedisServer redis) : IClassFixture<RedisServer>, IDisposable
{
    private static readonly RemoteTimings Quick = new()
    {
        Operation = TimeSpan.FromSeconds(60),
        Lease = TimeSpan.FromSeconds(60),
        Heartbeat = TimeSpan.FromSeconds(30),
        Poll = TimeSpan.FromMilliseconds(20),
    };

    private readonly List<JobFixture> _machines = [];
    private readonly FakeDistributedCache _cache = new();
    private readonly StandInProducer _producer = new();

    public void Dispose() => _machines.ForEach(machine => machine.Dispose());

    [Fact]
    public async Task The_second_machine_takes_what_the_first_made_and_then_has_it()
    {
        JobFixture first = Machine();
        JobFixture second = Machine();

        QuantizationResult made = await first.RunAsync(Remote(first));
        QuantizationResult fetched = await second.RunAsync(Remote(second));
        QuantizationResult stored = await second.RunAsync(Remote(second));

        Assert.Null(made.From);
        Assert.Equal("no earlier result for this model", made.MissReason);
        Assert.Equal(ArtifactSource.Remote, fetched.From);
        Assert.True(fetched.CacheHit);
        Assert.Null(fetched.MissReason);
        Assert.Equal(ArtifactSource.Store, stored.From);
        Assert.Equal(1, _producer.Calls);
        Assert.Equal(await File.ReadAllBytesAsync(first.Request.OutputPath), await File.ReadAllBytesAsync(second.Request.OutputPath));
        Assert.Equal(new StoreCounts(0, 0, 1), first.Store.ReadCounts());
        Assert.Equal(new StoreCounts(1, 1, 0), second.Store.ReadCounts());
        Assert.Empty(second.Log.Warnings);

        // The store explains the next miss by what was fetched, with the paths of this machine and none of the other.
        StoreEntry entry = Assert.Single(second.Store.List());
        Assert.Equal(second.Request.CheckpointPath, entry.Source);
        Assert.Equal("seed changed: 1337 -> 7", (await second.RunAsync(Remote(second) with { Seed = 7 })).MissReason);
        Assert.DoesNotContain(_cache.Values.Values, value => System.Text.Encoding.UTF8.GetString(value).Contains(first.Folder.Path, StringComparison.Ordinal));
        Assert.DoesNotContain(_cache.Values.Keys, name => name.Contains("lease", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_shared_folder_by_its_address_serves_the_second_machine()
    {
        JobFixture first = Machine();
        JobFixture second = Machine();
        string address = new Uri(first.Folder["shared models"]).AbsoluteUri;

        await first.RunAsync(first.Request with { RemoteCache = address, Offline = true });
        QuantizationResult fetched = await second.RunAsync(second.Request with { RemoteCache = address, Offline = true });

        Assert.Equal(ArtifactSource.Remote, fetched.From);
        Assert.Equal(1, _producer.Calls);
    }

    [Fact]
    public async Task Remote_settings_are_no_part_of_the_key()
    {
        JobFixture machine = Machine();
        QuantizationResult plain = await machine.RunAsync();
        QuantizationResult other = await machine.RunAsync(Remote(machine) with { RemoteCacheReadOnly = true, RequireCached = true, Offline = true });

        Assert.Equal(plain.Fingerprint, other.Fingerprint);
        Assert.Equal(ArtifactSource.Store, other.From);
    }

    [Fact]
    public async Task A_read_only_machine_publishes_nothing_and_takes_what_is_there()
    {
        JobFixture first = Machine();
        JobFixture second = Machine();
        Assert.Null((await first.RunAsync(Remote(first) with { RemoteCacheReadOnly = true })).From);
        Assert.Empty(_cache.Written);

        JobFixture writer = Machine();
        await writer.RunAsync(Remote(writer));
        int written = _cache.Written.Count;
        Assert.Equal(ArtifactSource.Remote, (await second.RunAsync(Remote(second) with { RemoteCacheReadOnly = true })).From);
        Assert.Equal(written, _cache.Written.Count);
    }

    [Fact]
    public async Task Forcing_asks_nobody_and_publishes()
    {
        JobFixture first = Machine();
        JobFixture second = Machine();
        await first.RunAsync(Remote(first));
        Assert.Null((await second.RunAsync(Remote(second) with { Force = true })).From);
        Assert.Equal(2, _producer.Calls);
    }

    [Fact]
    public async Task What_must_be_cached_and_is_not_is_an_error_with_the_reason()
    {
        JobFixture machine = Machine();
        await machine.RunAsync();
        QuantizationRequest changed = machine.Request with { Seed = 7, RequireCached = true };

        MobileQuantException local = await Assert.ThrowsAsync<MobileQuantException>(() => machine.RunAsync(changed));
        Assert.Equal("MQ4014", local.Code);
        Assert.Contains("seed changed: 1337 -> 7", local.Message, StringComparison.Ordinal);
        MobileQuantException remote = await Assert.ThrowsAsync<MobileQuantException>(() => machine.RunAsync(changed with { RemoteStore = Store() }));
        Assert.Equal("MQ4014", remote.Code);
        Assert.Contains("distributed cache", remote.Message, StringComparison.Ordinal);
        foreach (QuantizationRequest impossible in (QuantizationRequest[])[changed with { UseCache = false }, changed with { Seed = 1337, Force = true }])
        {
            Assert.Equal("MQ4014", (await Assert.ThrowsAsync<MobileQuantException>(() => machine.RunAsync(impossible))).Code);
        }

        Assert.Equal(1, _producer.Calls);
        Assert.Empty(_cache.Written);

        JobFixture other = Machine();
        await other.RunAsync(Remote(other) with { Seed = 7 });
        Assert.Equal(ArtifactSource.Remote, (await machine.RunAsync(changed with { RemoteStore = Store() })).From);
    }

    [Fact]
    public async Task Offline_a_remote_cache_on_the_network_is_not_asked()
    {
        JobFixture machine = Machine();
        Assert.Null((await machine.RunAsync(Remote(machine) with { Offline = true })).From);
        Assert.Equal(0, _cache.Operations);
        Assert.Contains(machine.Log.Messages, text => text.StartsWith("offline: ", StringComparison.Ordinal));
        Assert.Empty(machine.Log.Warnings);
    }

    [Fact]
    public async Task Figures_of_quality_travel_along()
    {
        StandInMeter meter = new();
        JobFixture first = Machine();
        JobFixture second = Machine();
        QuantizationRequest Limited(JobFixture machine) => Remote(machine) with { Limits = new() { MinSqnr = 1 } };

        await new QuantizationJob(_producer, meter, Quick).ExecuteAsync(Limited(first), null, default);
        QuantizationResult fetched = await new QuantizationJob(_producer, meter, Quick).ExecuteAsync(Limited(second), null, default);

        Assert.Equal(ArtifactSource.Remote, fetched.From);
        Assert.NotNull(fetched.Quality);
        Assert.Single(meter.Measured);
    }

    [Theory]
    [InlineData("manifest")]
    [InlineData("chunk")]
    public async Task A_poisoned_value_is_a_warning_and_is_replaced(string kind)
    {
        JobFixture first = Machine();
        JobFixture second = Machine();
        JobFixture third = Machine();
        await first.RunAsync(Remote(first));
        string name = Assert.Single(_cache.Values.Keys, key => key.Contains(kind, StringComparison.Ordinal));
        byte[] good = _cache.Values[name];
        _cache.Values[name] = [.. good[..^1], (byte)(good[^1] ^ 1)];

        QuantizationResult made = await second.RunAsync(Remote(second));

        Assert.Null(made.From);
        Assert.Equal(["MQ4011"], second.Log.Warnings);
        Assert.Equal(await File.ReadAllBytesAsync(first.Request.OutputPath), await File.ReadAllBytesAsync(second.Request.OutputPath));
        Assert.Equal(ArtifactSource.Remote, (await third.RunAsync(Remote(third))).From);
        Assert.Equal(["artifact.mq.safetensors", "entry.json"], second.StoredFiles().Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_store_that_throws_at_any_moment_costs_one_warning_and_is_not_asked_again()
    {
        int total = int.MaxValue;
        for (int failing = 1; failing <= total; failing++)
        {
            int operations = 0;
            int? failed = null;
            FakeDistributedCache cache = new((_, _, _) =>
            {
                int now = Interlocked.Increment(ref operations);
                if (now == failing)
                {
                    failed = now;
                    throw new TimeZoneNotFoundException("broken. And much more.");
                }

                return Task.CompletedTask;
            });
            JobFixture machine = Machine();
            QuantizationResult result = await machine.RunAsync(machine.Request with { RemoteStore = new DistributedRemoteStore(cache) });
            Assert.Null(result.From);
            Assert.True(File.Exists(machine.Request.OutputPath));
            if (failed is null)
            {
                break;
            }

            // Giving the lease back is not worth a warning.
            bool isLate = cache.Values.Keys.Any(name => name.Contains("manifest", StringComparison.Ordinal));
            Assert.Equal(isLate ? [] : ["MQ4010"], machine.Log.Warnings);
            Assert.Equal(failing, operations);
            total = failing + 1;
        }

        Assert.InRange(total, 8, 20);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_store_that_never_answers_costs_one_timeout(bool blocks)
    {
        using ManualResetEventSlim end = new();
        FakeDistributedCache cache = new((_, _, _) =>
        {
            if (blocks)
            {
                end.Wait(CancellationToken.None);
                return Task.CompletedTask;
            }

            return new TaskCompletionSource().Task;
        });
        JobFixture machine = Machine();
        machine.Timings = Quick with { Operation = TimeSpan.FromMilliseconds(200) };

        QuantizationResult result = await machine.RunAsync(machine.Request with { RemoteStore = new DistributedRemoteStore(cache) });
        end.Set();

        Assert.Null(result.From);
        Assert.Equal(["MQ4010"], machine.Log.Warnings);
        Assert.Contains(machine.Log.All.OfType<QuantizationEvent.Warning>(), warning => warning.Text.Contains("no answer within 0.2 s", StringComparison.Ordinal));
        Assert.Equal(1, cache.Operations);
    }

    [Fact]
    public async Task A_server_that_is_down_and_a_folder_that_cannot_be_used_are_warnings()
    {
        JobFixture machine = Machine();
        string file = machine.Folder.Write("a-file", "not a folder");
        foreach (string address in (string[])["redis://127.0.0.1:1/0", Path.Combine(file, "shared")])
        {
            EventLog log = new();
            QuantizationResult result = await new QuantizationJob(_producer).ExecuteAsync(machine.Request with { RemoteCache = address, CacheDirectory = machine.Folder["store" + address.Length] }, log, default);
            Assert.Null(result.From);
            Assert.Equal(["MQ4010"], log.Warnings);
        }
    }

    [Fact]
    public async Task Cancelling_while_waiting_for_another_machine_ends_at_once()
    {
        JobFixture machine = Machine();
        using CancellationTokenSource source = new();
        using RemoteLease? held = Leases(machine, Quick).Try(take: true, default).Lease;
        Assert.NotNull(held);
        Task<QuantizationResult> waiting = machine.RunAsync(Remote(machine), source.Token);
        Assert.True(SpinWait.SpinUntil(() => machine.Log.Steps.Any(step => step.Step == "wait"), TimeSpan.FromSeconds(30)));
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, _producer.Calls);
        Assert.Contains(machine.Log.Messages, text => text.Contains($"pid {Environment.ProcessId} on {Environment.MachineName}", StringComparison.Ordinal));
    }

    [RedisFact]
    public async Task Eight_machines_that_start_at_once_make_it_once()
    {
        JobFixture[] machines = [.. Enumerable.Range(0, 8).Select(_ => Machine())];
        int Waiting() => machines.Count(machine => machine.Log.Steps.Any(step => step.Step == "wait"));
        StandInProducer producer = new((_, token) =>
        {
            // Until all others are known to wait.
            while (Waiting() < 7)
            {
                token.ThrowIfCancellationRequested();
                token.WaitHandle.WaitOne(5);
            }
        });
        RedisRemoteStore[] stores = [.. machines.Select(_ => redis.Connect())];
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(2));

        QuantizationResult[] results = await Task.WhenAll(machines.Select((machine, i) =>
        {
            machine.Producer = producer;
            return machine.RunAsync(machine.Request with { RemoteStore = stores[i], Seed = 8 }, limit.Token);
        }));

        Assert.Equal(1, producer.Calls);
        Assert.Single(results, result => result.From is null);
        Assert.Equal(7, results.Count(result => result.From == ArtifactSource.Remote));
        Assert.Single(machines.Select(machine => File.ReadAllText(machine.Request.OutputPath)).Distinct());
        Assert.All(machines, machine => Assert.Empty(machine.Log.Warnings));
        Assert.Null(await stores[0].GetAsync(RemoteNames.Lease(results[0].Fingerprint), 1000, default));
        foreach (RedisRemoteStore store in stores)
        {
            store.Dispose();
        }
    }

    [Fact]
    public async Task A_dead_owner_is_succeeded_by_one_of_those_who_wait_for_it()
    {
        using TemporaryFolder shared = new();
        FolderRemoteStore store = new(shared.Path);
        JobFixture[] machines = [.. Enumerable.Range(0, 4).Select(_ => Machine())];
        string key = KeyOf(machines[0]);
        byte[] dead = RemoteLease.Encode(new("owner", "agent-7", 123, DateTimeOffset.UtcNow.AddYears(1), 5));
        await store.SetAsync(RemoteNames.Lease(key), dead, null, default);
        byte[] deadToo = [1, 2, 3];
        await store.SetAsync($"{RemoteNames.Lease(key)}.{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(dead))[..16]}", deadToo, null, default);

        QuantizationResult[] results = await Task.WhenAll(machines.Select(machine =>
        {
            // Long against any pause of this process, since the successor must not be taken for dead.
            machine.Timings = Quick with { Lease = TimeSpan.FromSeconds(2), Heartbeat = TimeSpan.FromMilliseconds(100) };
            return machine.RunAsync(machine.Request with { RemoteStore = store });
        }));

        Assert.Equal(1, _producer.Calls);
        Assert.Equal(3, results.Count(result => result.From == ArtifactSource.Remote));
        Assert.All(machines, machine => Assert.Contains(machine.Log.Messages, text => text.EndsWith("(pid 123 on agent-7)", StringComparison.Ordinal)));
        Assert.Empty(shared.Files(Path.Combine("mobilequant", "1", "lease")));
    }

    [Fact]
    public void An_owner_that_shows_life_is_not_succeeded()
    {
        JobFixture machine = Machine();
        RemoteTimings timings = Quick with { Lease = TimeSpan.FromSeconds(2), Heartbeat = TimeSpan.FromMilliseconds(50) };
        RemoteLeases others = Leases(machine, timings);
        using (RemoteLease? held = Leases(machine, timings).Try(take: true, default).Lease)
        {
            Assert.NotNull(held);
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            while (System.Diagnostics.Stopwatch.GetElapsedTime(start) < timings.Lease * 1.5)
            {
                LeaseAttempt attempt = others.Try(take: true, default);
                Assert.Null(attempt.Lease);
                Assert.NotNull(attempt.Holder);
            }
        }

        using RemoteLease? free = others.Try(take: true, default).Lease;
        Assert.NotNull(free);
    }

    [Theory]
    [InlineData("{\"owner\":\"x\",\"host\":\"evil\\nhost\",\"pid\":1}")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"owner\":null,\"host\":null}")]
    public void A_lease_that_is_none_has_an_unknown_owner(string value)
    {
        JobFixture machine = Machine();
        _cache.Values[RemoteNames.Lease(KeyOf(machine))] = System.Text.Encoding.UTF8.GetBytes(value);
        Assert.Equal("owner unknown", Leases(machine, Quick).Try(take: true, default).Holder);
    }

    [Fact]
    public async Task A_lease_that_is_too_large_does_not_hold_up_anybody()
    {
        JobFixture machine = Machine();
        _cache.Values[RemoteNames.Lease(KeyOf(machine))] = new byte[1 << 20];
        Assert.Null((await machine.RunAsync(Remote(machine))).From);
        Assert.Equal(["MQ4011"], machine.Log.Warnings);
    }

    [RedisFact]
    public async Task A_user_of_the_server_who_may_only_read_takes_what_is_there_and_publishes_nothing()
    {
        JobFixture[] machines = [Machine(), Machine(), Machine()];
        using RedisRemoteStore writer = redis.Connect();
        using RedisRemoteStore reader = redis.Connect(user: "reader");
        await machines[0].RunAsync(machines[0].Request with { RemoteStore = writer, Seed = 77 });

        QuantizationResult fetched = await machines[1].RunAsync(machines[1].Request with { RemoteStore = reader, Seed = 77, RemoteCacheReadOnly = true });
        QuantizationResult made = await machines[1].RunAsync(machines[1].Request with { RemoteStore = reader, Seed = 78, RemoteCacheReadOnly = true });
        Assert.Equal(ArtifactSource.Remote, fetched.From);
        Assert.Null(made.From);
        Assert.Empty(machines[1].Log.Warnings);

        // One who forgets to say so is told, and no more.
        Assert.Null((await machines[2].RunAsync(machines[2].Request with { RemoteStore = reader, Seed = 78 })).From);
        Assert.Equal(["MQ4010"], machines[2].Log.Warnings);
        Assert.Null(await writer.GetAsync(RemoteNames.Manifest(made.Fingerprint), 1000, default));
    }

    [RedisFact]
    public async Task No_event_has_the_password()
    {
        foreach (string? password in (string?[])[null, "wrong" + redis.Password])
        {
            JobFixture machine = Machine();
            using RedisRemoteStore store = redis.Connect(password);
            QuantizationRequest request = machine.Request with { RemoteStore = store, Seed = 99 };
            QuantizationResult result = await machine.RunAsync(request);

            string[] told = [.. machine.Log.All.Select(e => e.ToString()), request.ToString(), result.ToString()];
            Assert.Equal(password is not null, machine.Log.Warnings.Contains("MQ4010"));
            Assert.DoesNotContain(told, text => text.Contains(redis.Password, StringComparison.Ordinal));
            Assert.DoesNotContain(machine.Folder.Files(), file => File.ReadAllText(machine.Folder[file]).Contains(redis.Password, StringComparison.Ordinal));
        }
    }

    private static string KeyOf(JobFixture machine) => RequestFingerprint.Compute(RequestNormalizer.Normalize(machine.Request), new FileDigests(null), null, default).Key;

    private RemoteLeases Leases(JobFixture machine, RemoteTimings timings) => new(new RemoteGuard(Store(), timings.Operation), timings, KeyOf(machine));

    private DistributedRemoteStore Store() => new(_cache);

    private QuantizationRequest Remote(JobFixture machine) => machine.Request with { RemoteStore = Store() };

    private JobFixture Machine()
    {
        JobFixture machine = new() { Producer = _producer, Timings = Quick };
        _machines.Add(machine);
        return machine;
    }
}
