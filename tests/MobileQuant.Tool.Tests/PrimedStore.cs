using MobileQuant.Caching;
using MobileQuant.Tests.Caching;

namespace MobileQuant.Tool.Tests;

/// <summary>A small checkpoint whose artifact, made by a stand-in, already lies in the store: what the tool does around quantizing, without quantizing.</summary>
internal sealed class PrimedStore : IDisposable
{
    public PrimedStore()
    {
        Folder.Write("my model/config.json", "{}");
        Folder.Write("my model/model.safetensors", "weights");
    }

    public TemporaryFolder Folder { get; } = new();

    public string Output => Folder["out dir/my model.mq.safetensors"];

    public string Store => Folder["store"];

    public QuantizationRequest Request => new() { CheckpointPath = Folder["my model"], OutputPath = Folder["first.mq.safetensors"], CacheDirectory = Store };

    public Fingerprint Fingerprint => RequestFingerprint.Compute(RequestNormalizer.Normalize(Request), new FileDigests(null), null, default);

    public string Key => Fingerprint.Key;

    public string[] Arguments(params string[] more) => ["quantize", Folder["my model"], "-o", Output, "--cache-directory", Store, .. more];

    public Task<QuantizationResult> FillAsync() => new QuantizationJob(new StandInProducer()).ExecuteAsync(Request, null, default);

    public void Dispose() => Folder.Dispose();
}
