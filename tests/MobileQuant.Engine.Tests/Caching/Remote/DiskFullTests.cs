using System.Security.Cryptography;
using MobileQuant.Caching;
using MobileQuant.Caching.Remote;

namespace MobileQuant.Tests.Caching.Remote;

/// <summary>Disks that fill up while an artifact travels: that of the machine, and that of the shared folder.</summary>
public sealed class DiskFullTests : IDisposable
{
    // Two parts, which do not compress.
    private const int ArtifactBytes = ChunkCodec.ChunkBytes + 1000;

    private readonly List<JobFixture> _machines = [];
    private readonly TemporaryFolder _shared = new();
    private readonly LargeProducer _producer = new();

    public void Dispose()
    {
        _machines.ForEach(machine => machine.Dispose());
        _shared.Dispose();
    }

    [Theory]
    [InlineData("fetch")]
    [InlineData("copy")]
    public async Task A_disk_that_is_full_when_an_artifact_arrives_is_one_clear_error_and_leaves_nothing_half_written(string step)
    {
        FakeDistributedCache cache = new();
        QuantizationRequest Remote(JobFixture machine) => machine.Request with { RemoteStore = new DistributedRemoteStore(cache) };
        JobFixture first = Machine();
        JobFixture second = Machine();
        await Run(first, Remote(first));

        // Behind the first part, or between the store and the output.
        FailingProgress full = new(step, LimitedDisk.Full);
        MobileQuantException error = await Assert.ThrowsAsync<MobileQuantException>(() => Run(second, Remote(second), full));

        Assert.Equal("MQ4001", error.Code);
        Assert.Contains(step == "fetch" ? second.Store.Location : second.Request.OutputPath, error.Message, StringComparison.Ordinal);
        Assert.Equal(1, full.Failures);
        Assert.Empty(second.Folder.Files("out"));
        Assert.Empty(second.Folder.Files("store/building"));
        Assert.Equal(step == "fetch" ? 0 : 1, second.Store.List().Count);
        Assert.Empty(second.Store.Verify().Damaged);
        Assert.DoesNotContain(cache.Values.Keys, name => name.Contains("lease", StringComparison.Ordinal));

        // With room again, as if nothing had been.
        QuantizationResult fetched = await Run(second, Remote(second));
        Assert.Equal(step == "fetch" ? ArtifactSource.Remote : ArtifactSource.Store, fetched.From);
        Assert.Equal(await File.ReadAllBytesAsync(first.Request.OutputPath), await File.ReadAllBytesAsync(second.Request.OutputPath));
        Assert.Equal(1, _producer.Calls);
    }

    [Fact]
    public async Task A_full_disk_that_shows_anywhere_else_is_the_same_error()
    {
        JobFixture machine = Machine();
        MobileQuantException error = await Assert.ThrowsAsync<MobileQuantException>(() => Run(machine, machine.Request, new FailingProgress(null, LimitedDisk.Full)));
        Assert.Equal("MQ4001", error.Code);
        Assert.Empty(machine.StoredFiles());
        Assert.Empty(machine.Folder.Files("out"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(1000)]
    [InlineData(ChunkCodec.ChunkBytes / 2)]
    [InlineData(ChunkCodec.ChunkBytes + 500)]
    [InlineData(ArtifactBytes + 600)]
    public async Task A_shared_folder_that_is_full_is_a_warning_and_shows_nothing_half_written(long room)
    {
        JobFixture first = Machine();
        JobFixture second = Machine();
        JobFixture third = Machine();

        QuantizationResult made = await Run(first, first.Request with { RemoteStore = new FolderRemoteStore(_shared.Path, new LimitedDisk(room).Open) }, first.Log);

        Assert.Null(made.From);
        Assert.Equal(ArtifactBytes, new FileInfo(made.OutputPath).Length);
        Assert.Equal(["MQ4010"], first.Log.Warnings);
        Assert.Contains(first.Log.All.OfType<QuantizationEvent.Warning>(), warning => warning.Text.Contains("No space left on device", StringComparison.Ordinal));
        foreach (string file in _shared.Files())
        {
            // No lease that others would wait for, no manifest; parts are what their names say.
            Assert.StartsWith(Path.Combine("mobilequant", "1", "chunk") + Path.DirectorySeparatorChar, file, StringComparison.Ordinal);
            Assert.Equal(Path.GetFileName(file), Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_shared[file]))));
        }

        // Others neither wait nor stumble.
        QuantizationRequest Roomy(JobFixture machine) => machine.Request with { RemoteStore = new FolderRemoteStore(_shared.Path) };
        Assert.Null((await Run(second, Roomy(second), second.Log)).From);
        Assert.DoesNotContain(second.Log.Steps, progress => progress.Step == "wait");
        Assert.Equal(ArtifactSource.Remote, (await Run(third, Roomy(third), third.Log)).From);
        Assert.Empty(second.Log.Warnings.Concat(third.Log.Warnings));
    }

    private Task<QuantizationResult> Run(JobFixture machine, QuantizationRequest request, IProgress<QuantizationEvent>? progress = null) =>
        new QuantizationJob(_producer, timings: new() { Operation = TimeSpan.FromSeconds(60) }).ExecuteAsync(request, progress, default);

    private JobFixture Machine()
    {
        JobFixture machine = new();
        _machines.Add(machine);
        return machine;
    }

    private sealed class LargeProducer : IArtifactProducer
    {
        private int _calls;

        public int Calls => _calls;

        public void Produce(QuantizationRequest request, Fingerprint fingerprint, string path, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            byte[] bytes = new byte[ArtifactBytes];
            new Random(1).NextBytes(bytes);
            File.WriteAllBytes(path, bytes);
        }
    }

    /// <summary>Fails where a job tells of a step, which is right behind what the step wrote.</summary>
    /// <param name="step">The step; null: where it tells that it makes something.</param>
    /// <param name="failure">What to fail with.</param>
    private sealed class FailingProgress(string? step, Func<Exception> failure) : IProgress<QuantizationEvent>
    {
        public int Failures { get; private set; }

        public void Report(QuantizationEvent value)
        {
            if (value is QuantizationEvent.Progress progress ? progress.Step == step : step is null && value is QuantizationEvent.Message)
            {
                Failures++;
                throw failure();
            }
        }
    }
}
