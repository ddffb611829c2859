using MobileQuant.Caching;
using MobileQuant.Recipes;
using MobileQuant.Tests.Caching;

namespace MobileQuant.Tests.Learning;

/// <summary>A job that is stopped while it learns, and run again.</summary>
public sealed class ResumedJobTests : IDisposable
{
    private const int StopsAt = 31;

    private readonly string _folder = Directory.CreateTempSubdirectory("mobilequant-resume-").FullName;

    [Fact]
    public async Task A_stopped_job_goes_on_where_it_was_and_makes_the_same_artifact()
    {
        byte[] expected = await Quantize("whole", new EventLog());
        using CancellationTokenSource stop = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Quantize("stopped", new StopAtStep(stop), stop.Token));
        string states = Path.Combine(_folder, "stopped.store", "learning");
        Assert.Single(Directory.GetFiles(states));
        Assert.False(File.Exists(Path.Combine(_folder, "stopped.mq.safetensors")));

        EventLog events = new();
        byte[] actual = await Quantize("stopped", events);

        Assert.Contains(events.Messages, text => text.StartsWith("Learning goes on after step 25 of 40", StringComparison.Ordinal));
        Assert.Equal(expected, actual);
        Assert.Empty(Directory.GetFiles(states));
    }

    [Fact]
    public void Collecting_removes_what_nobody_went_on_with()
    {
        ContentStore store = ContentStore.Open(_folder);
        string state = store.LearningStateOf(new string('a', 64));
        File.WriteAllBytes(state, new byte[100]);
        ContentStore.Open(_folder);
        Assert.True(File.Exists(state));

        Assert.Equal((0, 100L), store.Collect(long.MaxValue));
        Assert.False(File.Exists(state));

        File.WriteAllBytes(state, new byte[100]);
        File.SetLastWriteTimeUtc(state, DateTime.UtcNow.AddDays(-8));
        ContentStore.Open(_folder);
        Assert.False(File.Exists(state));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<byte[]> Quantize(string name, IProgress<QuantizationEvent> progress, CancellationToken cancellationToken = default)
    {
        string text = Path.Combine(_folder, "text.txt");
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Range(0, 200).Select(i => $"Once upon a time there were {i} little boats on a blue lake. ")), cancellationToken);
        QuantizationRequest request = new()
        {
            CheckpointPath = SharedData.DefaultModel,
            OutputPath = Path.Combine(_folder, name + ".mq.safetensors"),
            Recipe = "MobileQuant",
            Alpha = 0.5,
            Settings = new RecipeSettings { Steps = 40, BatchSize = 1, Windows = 4, WindowLength = 16 },
            Calibration = [text],
            CacheDirectory = Path.Combine(_folder, name + ".store"),
        };
        QuantizationResult result = await QuantizationJob.RunAsync(request, progress, cancellationToken);
        return await File.ReadAllBytesAsync(result.OutputPath, cancellationToken);
    }

    private sealed class StopAtStep(CancellationTokenSource stop) : IProgress<QuantizationEvent>
    {
        public void Report(QuantizationEvent value)
        {
            if (value is QuantizationEvent.Progress { Step: "learn", Done: StopsAt })
            {
                stop.Cancel();
            }
        }
    }
}
