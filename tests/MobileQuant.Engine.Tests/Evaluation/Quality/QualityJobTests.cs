using MobileQuant.Caching;
using MobileQuant.Evaluation.Quality;
using MobileQuant.Quantization;
using MobileQuant.Tests.Caching;

namespace MobileQuant.Tests.Evaluation.Quality;

/// <summary>The gate around quantizing and caching: what is made, measured and judged when, and what stays behind. Figures: +5 %, worst site 29.5 dB.</summary>
public sealed class QualityJobTests : IDisposable
{
    private readonly JobFixture _job = new();
    private readonly StandInMeter _meter = new();

    public QualityJobTests()
    {
        _job.Folder.Write("texts/heldout.txt", "held out");
        _job.Folder.Write("texts/other.txt", "others");
    }

    private string Output => _job.Request.OutputPath;

    public void Dispose() => _job.Dispose();

    [Fact]
    public async Task A_good_artifact_is_made_measured_once_and_then_served()
    {
        QuantizationResult first = await RunAsync(Limited(0.1, 20));
        QuantizationResult second = await RunAsync(Limited(0.1, 20));

        Assert.False(first.CacheHit);
        Assert.True(second.CacheHit);
        Assert.Equal((1, 1), (_job.Producer.Calls, _meter.Measured.Count));
        Assert.Equal(await File.ReadAllTextAsync(Output), _meter.Measured.Single());
        Assert.Equal(0.05, first.Quality!.Perplexity!.Increase, 12);
        Assert.Equal(first.Quality.Sites, second.Quality!.Sites);
        Assert.Equal(first.Quality.Perplexity, second.Quality.Perplexity);
        Assert.Equal(2, _job.Log.Messages.Count(text => text.StartsWith("quality: perplexity 10.500 against 10.000 in float (+5.00 %, 10 % allowed", StringComparison.Ordinal)));
        Assert.Equal(["model.mq.safetensors"], _job.Folder.Files("out"));
    }

    [Fact]
    public async Task Limits_and_texts_do_not_change_the_key()
    {
        QuantizationResult free = await RunAsync(_job.Request);
        QuantizationResult limited = await RunAsync(Limited(0.1, 20));

        Assert.Null(free.Quality);
        Assert.Equal(free.Fingerprint, limited.Fingerprint);
        Assert.True(limited.CacheHit);
        Assert.Equal((1, 1), (_job.Producer.Calls, _meter.Measured.Count));
    }

    [Fact]
    public async Task A_failing_artifact_is_kept_in_the_store_and_never_becomes_the_output()
    {
        Assert.Equal("MQ3060", await FailsAsync(Limited(0.01)));
        Assert.Empty(_job.Folder.Files("out"));

        // A hit that fails still fails, without any work.
        Assert.Equal("MQ3060", await FailsAsync(Limited(0.01)));
        Assert.Equal("MQ3061", await FailsAsync(Limited(0.1, 29.6)));
        Assert.Empty(_job.Folder.Files("out"));

        Assert.True((await RunAsync(Limited(0.05, 29.5))).CacheHit);
        Assert.True(File.Exists(Output));
        Assert.Equal((1, 1), (_job.Producer.Calls, _meter.Measured.Count));
    }

    [Fact]
    public async Task A_tighter_limit_takes_the_former_copy_of_the_failing_artifact_away_and_nothing_else()
    {
        await RunAsync(Limited(0.1));
        Assert.Equal("MQ3060", await FailsAsync(Limited(0.01)));
        Assert.False(File.Exists(Output));

        await File.WriteAllTextAsync(Output, "made by other settings, and good");
        Assert.Equal("MQ3060", await FailsAsync(Limited(0.01)));
        Assert.Equal("made by other settings, and good", await File.ReadAllTextAsync(Output));
    }

    [Fact]
    public async Task Another_text_is_measured_again_and_the_first_one_is_still_known()
    {
        await RunAsync(Limited(0.1));
        await RunAsync(Limited(0.1) with { EvaluationText = "texts/other.txt" });
        Assert.Equal(2, _meter.Measured.Count);

        // Its content counts, not its name.
        _job.Folder.Write("texts/copy.txt", "held out");
        await RunAsync(Limited(0.1) with { EvaluationText = "texts/copy.txt" });
        await RunAsync(Limited(0.1) with { EvaluationText = "texts/other.txt" });
        Assert.Equal(2, _meter.Measured.Count);
        _job.Folder.Write("texts/heldout.txt", "changed");
        await RunAsync(Limited(0.1));
        Assert.Equal((1, 3), (_job.Producer.Calls, _meter.Measured.Count));
    }

    [Fact]
    public async Task Sites_alone_are_measured_without_an_evaluation_text()
    {
        QuantizationRequest request = _job.Request with { Limits = new(MinSqnr: 20) };
        Assert.Null((await RunAsync(request)).Quality!.Perplexity);
        Assert.Equal("MQ3061", await FailsAsync(request with { Limits = new(MinSqnr: 40) }));
        Assert.Single(_meter.Measured);
    }

    [Fact]
    public async Task A_text_without_limits_measures_and_a_limit_later_only_judges()
    {
        Assert.Equal(10.5, (await RunAsync(Limited(null))).Quality!.Perplexity!.Quantized);
        Assert.Equal("MQ3060", await FailsAsync(Limited(0.01)));
        Assert.Single(_meter.Measured);
    }

    [Fact]
    public async Task Force_makes_and_measures_again()
    {
        await RunAsync(Limited(0.1));
        _meter.Figures = SampleQuality.Of(10, 20);
        Assert.Equal("MQ3060", await FailsAsync(Limited(0.1) with { Force = true }));
        Assert.Equal((2, 2), (_job.Producer.Calls, _meter.Measured.Count));
        Assert.False(File.Exists(Output));
    }

    [Fact]
    public async Task Without_the_store_the_same_is_judged_before_it_becomes_the_output()
    {
        QuantizationRequest request = Limited(0.1) with { UseCache = false };
        await RunAsync(request);
        Assert.Equal("MQ3060", await FailsAsync(request with { Limits = new(0.01) }));
        Assert.Empty(_job.Folder.Files("out"));
        Assert.False(Directory.Exists(_job.Folder["store"]));
        Assert.Equal((2, 2), (_job.Producer.Calls, _meter.Measured.Count));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"version":99,"artifactSha256":"SHA","sites":[],"perplexity":{"reference":1,"quantized":1,"window":512,"tokens":1}}""")]
    [InlineData("""{"version":1,"artifactSha256":"0000","sites":[],"perplexity":{"reference":1,"quantized":1,"window":512,"tokens":1}}""")]
    [InlineData("""{"version":1,"artifactSha256":"SHA","sites":[]}""")]
    public async Task Figures_that_are_not_of_this_artifact_and_text_are_measured_again(string json)
    {
        await RunAsync(Limited(0.1));
        string path = Assert.Single(Directory.GetFiles(_job.Folder["store/entries"], "quality-*.json", SearchOption.AllDirectories));
        string sha256 = FileDigests.Hash(Output, null, default);
        await File.WriteAllTextAsync(path, json.Replace("SHA", sha256, StringComparison.Ordinal));

        Assert.Equal("MQ3060", await FailsAsync(Limited(0.01)));
        Assert.Equal((1, 2), (_job.Producer.Calls, _meter.Measured.Count));
        Assert.Equal("MQ3060", await FailsAsync(Limited(0.01)));
        Assert.Equal(2, _meter.Measured.Count);
    }

    [Fact]
    public async Task Figures_that_are_no_numbers_survive_the_store()
    {
        _meter.Figures = SampleQuality.Of(10, 10.5, ("head.output", double.PositiveInfinity), ("layers.0.output", double.NaN));
        await RunAsync(Limited(0.1));
        Assert.Equal("MQ3061", await FailsAsync(Limited(0.1, 1)));
        Assert.Single(_meter.Measured);
    }

    [Fact]
    public async Task A_damaged_artifact_is_made_and_measured_again()
    {
        await RunAsync(Limited(0.1));
        await File.WriteAllTextAsync(Assert.Single(Directory.GetFiles(_job.Folder["store/entries"], "*.mq.safetensors", SearchOption.AllDirectories)), "damaged");
        File.Delete(Output);

        Assert.Equal("the stored result was damaged", (await RunAsync(Limited(0.1))).MissReason);
        Assert.Equal((2, 2), (_job.Producer.Calls, _meter.Measured.Count));
    }

    [Fact]
    public async Task What_cannot_be_measured_is_refused_before_the_work()
    {
        _meter.Refusal = new MobileQuantException("MQ3020", "too short");
        Assert.Equal("MQ3020", await FailsAsync(Limited(0.1)));
        Assert.Equal("MQ3020", await FailsAsync(Limited(0.1) with { UseCache = false }));
        Assert.Equal(0, _job.Producer.Calls);
        Assert.Empty(_job.Folder.Files("out"));
    }

    [Fact]
    public async Task Cancelling_the_measuring_keeps_what_was_made_but_no_output()
    {
        using CancellationTokenSource source = new();
        _meter.OnMeasure = source.Cancel;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(Limited(0.1), source.Token));
        Assert.Empty(_job.Folder.Files("out"));

        _meter.OnMeasure = null;
        Assert.True((await RunAsync(Limited(0.1))).CacheHit);
        Assert.Equal(1, _job.Producer.Calls);
    }

    [Theory]
    [InlineData("MQ1030")]
    [InlineData("MQ1031")]
    [InlineData("MQ1032")]
    [InlineData("MQ1033")]
    public async Task Limits_that_make_no_sense_are_one_error_before_the_work(string code)
    {
        QuantizationRequest bad = code switch
        {
            "MQ1030" => Limited(0.1) with { EvaluationText = "texts/nowhere.txt" },
            "MQ1031" => Limited(-1),
            "MQ1032" => Limited(0.1, 1000),
            _ => Limited(0.1) with { EvaluationText = " " },
        };
        Assert.Equal(code, await FailsAsync(bad));
        Assert.Equal(0, _job.Producer.Calls);
        Assert.False(Directory.Exists(_job.Folder["out"]));
    }

    private QuantizationRequest Limited(double? increase, double? decibels = null) =>
        _job.Request with { EvaluationText = "texts/heldout.txt", Limits = new(increase, decibels) };

    private Task<QuantizationResult> RunAsync(QuantizationRequest request, CancellationToken cancellationToken = default) =>
        new QuantizationJob(_job.Producer, _meter).ExecuteAsync(request, _job.Log, cancellationToken);

    private async Task<string> FailsAsync(QuantizationRequest request) =>
        (await Assert.ThrowsAsync<MobileQuantException>(() => RunAsync(request))).Code;
}
