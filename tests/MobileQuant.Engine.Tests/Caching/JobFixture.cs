using MobileQuant.Caching;
using MobileQuant.Caching.Remote;

namespace MobileQuant.Tests.Caching;

/// <summary>A small checkpoint, a store and an output folder.</summary>
internal sealed class JobFixture : IDisposable
{
    public JobFixture()
    {
        Folder.Write("model/config.json", "{}");
        Folder.Write("model/model.safetensors", "weights");
        Folder.Write("model/tokenizer.json", "tokens");
        Folder.Write("model/README.md", "not a part");
        Request = new QuantizationRequest
        {
            CheckpointPath = Folder["model"],
            OutputPath = Folder["out/model.mq.safetensors"],
            CacheDirectory = Folder["store"],
            BaseDirectory = Folder.Path,
        };
    }

    public TemporaryFolder Folder { get; } = new();

    public QuantizationRequest Request { get; }

    public EventLog Log { get; } = new();

    public ContentStore Store => ContentStore.Open(Folder["store"]);

    public StandInProducer Producer { get; set; } = new();

    public RemoteTimings? Timings { get; set; }

    public Task<QuantizationResult> RunAsync(QuantizationRequest? request = null, CancellationToken cancellationToken = default) =>
        new QuantizationJob(Producer, timings: Timings).ExecuteAsync(request ?? Request, Log, cancellationToken);

    /// <summary>Artifacts, descriptions and half-made things in the store; what else it keeps is not a result.</summary>
    public string[] StoredFiles() => [.. Folder.Files("store").Where(file => !file.StartsWith("locks", StringComparison.Ordinal) && file is not ("digests.json" or "counts.json"))];

    public void Dispose() => Folder.Dispose();
}
