using MobileQuant.Packages;
using MobileQuant.Tests.Caching;
using MobileQuant.Tests.Lowering;

namespace MobileQuant.Tests.Packages;

public sealed class PackagedJobTests : IDisposable
{
    private readonly JobFixture _job = new();
    private readonly string _id = "MobileQuant.Tests.P" + Guid.NewGuid().ToString("N");

    // An id of its own: where a variable of the environment names the packages folder, it is that of the machine.
    public PackagedJobTests() => _job.Folder.Write(
        "nuget.config",
        $"""<configuration><config><add key="globalPackagesFolder" value="{_job.Folder["packages"]}" /></config><packageSources><clear/><add key="local" value="{_job.Folder["feed"]}" /></packageSources></configuration>""");

    public void Dispose() => _job.Dispose();

    /// <summary>The key of a packaged checkpoint is that of its files: a folder with the same is served from the same entry.</summary>
    [Fact]
    public async Task A_packaged_checkpoint_is_quantized_like_its_folder()
    {
        CraftedPackage package = new(_id);
        package.WriteTo(_job.Folder["feed"]);
        QuantizationResult first = await _job.RunAsync(_job.Request with { CheckpointPath = $"package:{_id}/1.0.0" });
        Assert.False(first.CacheHit);
        Assert.Equal("tiny", Path.GetFileName(first.CheckpointPath));

        foreach ((string name, byte[] content) in package.Entries)
        {
            string file = _job.Folder[name.Replace("checkpoint/", "copy/", StringComparison.Ordinal)];
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, content);
        }

        QuantizationResult second = await _job.RunAsync(_job.Request with { CheckpointPath = _job.Folder["copy/tiny"] });
        Assert.Equal(ArtifactSource.Store, second.From);
        Assert.Equal(first.Fingerprint, second.Fingerprint);
        Assert.Equal(1, _job.Producer.Calls);
    }

    [Fact]
    public async Task A_packaged_model_is_used_as_it_is_and_has_no_float_model_to_be_measured_against()
    {
        using LoweredModel model = new(LoweredModel.Request());
        PackageWriter.Write(new() { Source = model.Path, OutputFolder = _job.Folder["feed"], Id = _id, Version = "1.0.0" }, null, default);
        QuantizationRequest request = _job.Request with { CheckpointPath = $"package:{_id}/1.0", Offline = true, RequireCached = true };
        QuantizationResult result = await _job.RunAsync(request);
        Assert.Equal(ArtifactSource.Package, result.From);
        Assert.Equal(File.ReadAllBytes(model.Path), File.ReadAllBytes(result.OutputPath));
        Assert.Equal(0, _job.Producer.Calls);

        MobileQuantException e = await Assert.ThrowsAsync<MobileQuantException>(() => _job.RunAsync(request with { Limits = new(MinSqnr: 10) }));
        Assert.Equal("MQ1035", e.Code);
    }

    [Fact]
    public async Task A_package_that_nobody_has_ends_the_job()
    {
        Directory.CreateDirectory(_job.Folder["feed"]);
        Assert.Equal("MQ4020", (await Assert.ThrowsAsync<MobileQuantException>(() => _job.RunAsync(_job.Request with { CheckpointPath = $"package:{_id}/1.0.0" }))).Code);
        Assert.False(File.Exists(_job.Request.OutputPath));
    }
}
