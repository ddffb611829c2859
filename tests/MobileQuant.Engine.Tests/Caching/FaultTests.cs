using MobileQuant.Caching;
using MobileQuant.JobHost;
using Xunit.Abstractions;

namespace MobileQuant.Tests.Caching;

/// <summary>What happens to store and outputs when processes are killed, race, or find a store that was tampered with.</summary>
public sealed class FaultTests : IDisposable
{
    private const int Kills = 100;
    private const int Pause = 10;

    private readonly TemporaryFolder _folder = new();
    private readonly ITestOutputHelper _output;

    public FaultTests(ITestOutputHelper output)
    {
        _output = output;
        _folder.Write("model/config.json", "{}");
        _folder.Write("model/model.safetensors", "weights");
        Directory.CreateDirectory(_folder["out"]);
    }

    private string Artifact => _folder["out/model.mq.safetensors"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_job_killed_at_any_moment_leaves_nothing_half_written()
    {
        HashSet<string> contents = [Run(seed: 0).Content];
        TimeSpan whole = TimeSpan.FromSeconds(5);
        Random random = new(2024);
        int kills = 0;
        int started = 0;
        int checks = 0;
        while (kills < Kills)
        {
            int seed = ++started;
            using (JobProcess job = JobProcess.Start(_folder, Artifact, seed, Pause))
            {
                // One that was quicker tells from when on it would be too late.
                TimeSpan? took = job.KillAfter(whole * random.NextDouble());
                kills += took is null ? 1 : 0;
                whole = took < whole ? took.Value : whole;
            }

            AssertWhole(seed, contents);
            if (started % 10 == 0)
            {
                // The same key again: nothing that the dead left of it may be served.
                (string key, string content) = Run(seed);
                contents.Add(content);
                Assert.True(ContentStore.Open(_folder["store"]).Contains(key));
                checks++;
            }
        }

        // The next to open the store sweeps what the dead left.
        ContentStore store = ContentStore.Open(_folder["store"]);
        Assert.Empty(_folder.Files("store/building"));
        Assert.Single(_folder.Files("out"), name => !name.EndsWith(".mqtmp", StringComparison.Ordinal));
        Run(seed: -1);
        Assert.Equal(["model.mq.safetensors"], _folder.Files("out"));
        _output.WriteLine($"{kills} kills of {started} jobs within {whole.TotalMilliseconds:f0} ms; {checks} builds checked; {store.List().Count} entries whole.");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void Processes_that_race_for_a_key_build_once(int processes)
    {
        string[] outputs = [.. Enumerable.Range(0, processes).Select(i => _folder[$"out/{i}.mq.safetensors"])];
        JobProcess[] jobs = [.. outputs.Select(output => JobProcess.Start(_folder, output, 7, pause: 30))];
        (string Key, string Reason)[] results = [.. jobs.Select(job => job.Result())];

        Assert.Single(results, result => result.Reason != "hit");
        Assert.Single(results.Select(result => result.Key).Distinct());
        Assert.All(outputs, output => Assert.Equal(SlowProducer.Content(results[0].Key), File.ReadAllBytes(output)));
        Array.ForEach(jobs, job => job.Dispose());
    }

    [Fact]
    public async Task A_damaged_entry_is_never_served_wherever_the_damage_is()
    {
        (string key, string content) = Run(seed: 3);
        string entry = _folder[$"store/entries/{key[..2]}/{key}"];
        int damages = 0;
        foreach (string file in Directory.GetFiles(entry))
        {
            byte[] good = File.ReadAllBytes(file);
            bool isArtifact = file.EndsWith(".safetensors", StringComparison.Ordinal);

            // All regions of both; some bytes of the description (the source's name, a time) are for people only.
            for (int at = 0; at < good.Length; at += isArtifact ? good.Length / 40 : 5)
            {
                byte[] bad = [.. good];
                bad[at] ^= 0x10;
                await AssertRightAfter(file, bad);
            }

            foreach (int length in (int[])[0, 1, good.Length / 2, good.Length - 1])
            {
                await AssertRightAfter(file, good[..length]);
            }

            await AssertRightAfter(file, [.. good, 0]);
        }

        _output.WriteLine($"{damages} damages.");

        async Task AssertRightAfter(string file, byte[] bad)
        {
            damages++;
            File.WriteAllBytes(file, bad);
            File.Delete(Artifact);
            await StandIn(3);
            Assert.Equal(content, File.ReadAllText(Artifact));
        }
    }

    [Fact]
    public async Task A_store_that_can_only_be_read_serves_and_never_stops_a_job()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        (_, string content) = Run(seed: 3);
        File.Delete(Artifact);
        SetWritable(false);
        try
        {
            // The superuser writes everywhere, and sees a store like any other.
            QuantizationResult result = await StandIn(3);
            Assert.Equal(content, File.ReadAllText(result.OutputPath));
            Assert.Equal(SlowProducer.Content((await StandIn(4)).Fingerprint), File.ReadAllBytes(Artifact));
        }
        finally
        {
            SetWritable(true);
        }
    }

    [Theory]
    [InlineData(-400)]
    [InlineData(400)]
    public async Task A_clock_that_was_wrong_changes_nothing_but_the_order_of_eviction(int days)
    {
        (string key, string content) = Run(seed: 3);
        string entry = _folder[$"store/entries/{key[..2]}/{key}"];
        foreach (string file in Directory.EnumerateFiles(_folder["store"], "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(days));
        }

        File.Delete(Artifact);
        Assert.True((await StandIn(3)).CacheHit);
        Assert.Equal(content, File.ReadAllText(Artifact));
        Assert.Equal(1, ContentStore.Open(_folder["store"]).Verify().Whole);
        Assert.InRange(File.GetLastWriteTimeUtc(Path.Combine(entry, "entry.json")), DateTime.UtcNow.AddHours(-1), DateTime.UtcNow.AddHours(1));
    }

    private void SetWritable(bool writable)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        foreach (string folder in Directory.GetDirectories(_folder["store"], "*", SearchOption.AllDirectories).Append(_folder["store"]))
        {
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute | (writable ? UnixFileMode.UserWrite : 0));
        }
    }

    private Task<QuantizationResult> StandIn(int seed) => new QuantizationJob(new SlowProducer(TimeSpan.Zero)).ExecuteAsync(
        new() { CheckpointPath = _folder["model"], OutputPath = Artifact, CacheDirectory = _folder["store"], Seed = seed }, null, default);

    private (string Key, string Content) Run(int seed)
    {
        using JobProcess job = JobProcess.Start(_folder, Artifact, seed, Pause);
        string key = job.Result().Key;
        byte[] expected = SlowProducer.Content(key);
        Assert.Equal(expected, File.ReadAllBytes(Artifact));
        return (key, File.ReadAllText(Artifact));
    }

    /// <summary>The output is an artifact that some finished or killed job was asked for, and all entries of the store are whole.</summary>
    private void AssertWhole(int seed, HashSet<string> known)
    {
        string output = File.ReadAllText(Artifact);
        if (!known.Contains(output))
        {
            Assert.Equal(SlowProducer.Content(output[..64]), File.ReadAllBytes(Artifact));
            known.Add(output);
        }

        (_, IReadOnlyList<string> damaged) = ContentStore.Open(_folder["store"]).Verify();
        Assert.True(damaged.Count == 0, $"After seed {seed}: {string.Join(", ", damaged)}");
    }
}
