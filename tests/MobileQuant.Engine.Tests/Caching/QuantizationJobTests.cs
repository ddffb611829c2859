using MobileQuant.Caching;
using MobileQuant.Quantization;
using MobileQuant.Rounding;

namespace MobileQuant.Tests.Caching;

public sealed class QuantizationJobTests : IDisposable
{
    private readonly JobFixture _job = new();

    public void Dispose() => _job.Dispose();

    [Fact]
    public async Task A_first_run_is_a_miss_and_the_second_a_hit_with_the_same_bytes()
    {
        QuantizationResult first = await _job.RunAsync();
        byte[] bytes = await File.ReadAllBytesAsync(_job.Request.OutputPath);
        File.Delete(_job.Request.OutputPath);
        QuantizationResult second = await _job.RunAsync();

        Assert.False(first.CacheHit);
        Assert.Equal("no earlier result for this model", first.MissReason);
        Assert.True(second.CacheHit);
        Assert.Null(second.MissReason);
        Assert.Equal(first.Fingerprint, second.Fingerprint);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_job.Request.OutputPath));
        Assert.Equal(bytes.Length, second.Bytes);
        Assert.Equal(1, _job.Producer.Calls);
        Assert.True(second.PeakMemoryBytes > 1_000_000);
    }

    [Theory]
    [InlineData("precision changed: W8A8 -> W4A8")]
    [InlineData("recipe changed: auto -> SmoothQuant")]
    [InlineData("activations changed: token -> static")]
    [InlineData("granularity changed: channel -> tensor")]
    [InlineData("alpha changed: searched -> 0.5")]
    [InlineData("rounding changed: default -> errorfeedback")]
    [InlineData("seed changed: 1337 -> 7")]
    [InlineData("weights changed: symmetric -> asymmetric")]
    [InlineData("recipe changed: auto -> MobileQuant; settings changed: none -> steps=20")]
    public async Task A_changed_setting_is_named_in_the_reason(string expected)
    {
        await _job.RunAsync();
        QuantizationRequest changed = expected.Split(' ')[0] switch
        {
            // The grid of the weights follows from the precision unless it is given.
            "precision" => _job.Request with { Precision = Precision.W4A8, Weights = WeightSymmetry.Symmetric },
            "recipe" when expected.Contains("settings", StringComparison.Ordinal) => _job.Request with { Recipe = "mobilequant", Settings = new() { Steps = 20, KeepsTargets = true } },
            "recipe" => _job.Request with { Recipe = "smoothquant" },
            "activations" => _job.Request with { Activations = ActivationMode.Static },
            "granularity" => _job.Request with { Granularity = WeightGranularity.Tensor },
            "alpha" => _job.Request with { Alpha = 0.5 },
            "rounding" => _job.Request with { Rounding = RoundingMode.ErrorFeedback },
            "seed" => _job.Request with { Seed = 7 },
            _ => _job.Request with { Weights = WeightSymmetry.Asymmetric },
        };

        QuantizationResult result = await _job.RunAsync(changed);

        Assert.Equal(expected, result.MissReason);
        Assert.Contains(_job.Log.Messages, text => text.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_target_npu_is_refused_before_anything_is_done()
    {
        MobileQuantException e = await Assert.ThrowsAsync<MobileQuantException>(() => _job.RunAsync(_job.Request with { Target = QuantizationTarget.Npu }));
        Assert.Equal("MQ1018", e.Code);
        Assert.Equal(0, _job.Producer.Calls);
        Assert.Equal(ActivationMode.Static, RequestNormalizer.NormalizeInputs(_job.Request with { Target = QuantizationTarget.Npu }).Activations);
    }

    [Fact]
    public async Task Spelling_threads_output_and_given_defaults_do_not_change_the_key()
    {
        QuantizationResult first = await _job.RunAsync();
        QuantizationResult second = await _job.RunAsync(_job.Request with
        {
            Recipe = " AUTO ",
            Threads = 1,
            Weights = WeightSymmetry.Symmetric,
            OutputPath = _job.Folder["elsewhere/a.mq.safetensors"],
            CheckpointPath = _job.Folder["model"] + Path.DirectorySeparatorChar,
        });

        Assert.True(second.CacheHit);
        Assert.Equal(first.Fingerprint, second.Fingerprint);
    }

    [Fact]
    public async Task A_changed_checkpoint_file_is_named_and_a_changed_readme_is_none()
    {
        await _job.RunAsync();
        _job.Folder.Write("model/README.md", "other words");
        Assert.True((await _job.RunAsync()).CacheHit);

        _job.Folder.Write("model/model.safetensors", "WEIGHTS");
        Assert.Equal("checkpoint file changed: model.safetensors", (await _job.RunAsync()).MissReason);
    }

    [Fact]
    public async Task Changed_added_and_removed_calibration_texts_are_named()
    {
        _job.Folder.Write("calib/a.txt", "one");
        _job.Folder.Write("calib/b.txt", "two");
        QuantizationRequest request = _job.Request with { Calibration = ["calib/*.txt"] };
        await _job.RunAsync(request);

        _job.Folder.Write("calib/a.txt", "three");
        Assert.Equal("calibration text changed: calib/a.txt", (await _job.RunAsync(request)).MissReason);

        _job.Folder.Write("calib/c.txt", "four");
        Assert.Equal("calibration text added: calib/c.txt", (await _job.RunAsync(request)).MissReason);

        Assert.Equal(
            "calibration changed: given texts -> sampled from the model; calibration text removed: calib/a.txt; calibration text removed: calib/b.txt",
            (await _job.RunAsync(_job.Request)).MissReason);
    }

    [Fact]
    public async Task Another_model_with_the_same_tokenizer_has_no_earlier_result()
    {
        await _job.RunAsync();
        _job.Folder.Write("other/config.json", "{ }");
        _job.Folder.Write("other/model.safetensors", "other weights");
        _job.Folder.Write("other/tokenizer.json", "tokens");

        QuantizationResult result = await _job.RunAsync(_job.Request with { CheckpointPath = _job.Folder["other"] });

        Assert.Equal("no earlier result for this model", result.MissReason);
    }

    [Fact]
    public async Task A_flipped_bit_in_the_store_is_put_aside_and_the_artifact_made_again()
    {
        QuantizationResult first = await _job.RunAsync();
        byte[] whole = await File.ReadAllBytesAsync(_job.Request.OutputPath);
        File.Delete(_job.Request.OutputPath);
        string stored = Assert.Single(Directory.GetFiles(_job.Folder["store/entries"], "*.mq.safetensors", SearchOption.AllDirectories));
        byte[] damaged = await File.ReadAllBytesAsync(stored);
        damaged[5] ^= 1;
        await File.WriteAllBytesAsync(stored, damaged);

        QuantizationResult second = await _job.RunAsync();

        Assert.False(second.CacheHit);
        Assert.Equal("the stored result was damaged", second.MissReason);
        Assert.Equal(["MQ4004"], _job.Log.Warnings);
        Assert.Equal(whole, await File.ReadAllBytesAsync(_job.Request.OutputPath));
        Assert.Equal(damaged, await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(_job.Folder["store/quarantine"], "*.mq.safetensors", SearchOption.AllDirectories))));
        Assert.True((await _job.RunAsync()).CacheHit);
        Assert.Equal(first.Fingerprint, second.Fingerprint);
    }

    [Fact]
    public async Task A_description_that_is_no_json_is_put_aside()
    {
        await _job.RunAsync();
        await File.WriteAllTextAsync(Assert.Single(Directory.GetFiles(_job.Folder["store/entries"], "entry.json", SearchOption.AllDirectories)), "{");

        Assert.False((await _job.RunAsync()).CacheHit);
        Assert.True((await _job.RunAsync()).CacheHit);
    }

    [Fact]
    public async Task Force_quantizes_again_and_keeps_one_entry()
    {
        await _job.RunAsync();
        QuantizationResult second = await _job.RunAsync(_job.Request with { Force = true });

        Assert.False(second.CacheHit);
        Assert.Equal("asked to quantize again", second.MissReason);
        Assert.Equal(2, _job.Producer.Calls);
        Assert.Single(_job.Store.List());
    }

    [Fact]
    public async Task Without_the_store_nothing_is_stored()
    {
        QuantizationResult result = await _job.RunAsync(_job.Request with { UseCache = false });

        Assert.False(result.CacheHit);
        Assert.True(File.Exists(_job.Request.OutputPath));
        Assert.Equal(["model.mq.safetensors"], _job.Folder.Files("out"));
        Assert.False(Directory.Exists(_job.Folder["store"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancelling_leaves_nothing(bool useCache)
    {
        using CancellationTokenSource source = new();
        _job.Producer = new StandInProducer((path, token) =>
        {
            File.WriteAllText(path, "half");
            source.Cancel();
            token.ThrowIfCancellationRequested();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _job.RunAsync(_job.Request with { UseCache = useCache }, source.Token));

        Assert.Empty(_job.StoredFiles());
        Assert.Empty(_job.Folder.Files("out"));
    }

    [Fact]
    public async Task A_failing_producer_leaves_nothing_and_the_former_artifact_stays()
    {
        _job.Folder.Write("out/model.mq.safetensors", "former");
        _job.Producer = new StandInProducer((path, _) =>
        {
            File.WriteAllText(path, "half");
            throw new MobileQuantException("MQ2005", "a tensor is missing");
        });

        MobileQuantException error = await Assert.ThrowsAsync<MobileQuantException>(() => _job.RunAsync());

        Assert.Equal("MQ2005", error.Code);
        Assert.Empty(_job.StoredFiles());
        Assert.Equal("former", await File.ReadAllTextAsync(_job.Request.OutputPath));
        Assert.Equal(["model.mq.safetensors"], _job.Folder.Files("out"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_full_disk_is_one_clear_error_and_leaves_nothing(bool useCache)
    {
        _job.Producer = new StandInProducer((path, _) =>
        {
            File.WriteAllText(path, "half");
            if (OperatingSystem.IsLinux())
            {
                File.WriteAllText("/dev/full", "anything");
            }

            throw new IOException("There is not enough space on the disk.", unchecked((int)0x80070070));
        });

        MobileQuantException error = await Assert.ThrowsAsync<MobileQuantException>(() => _job.RunAsync(_job.Request with { UseCache = useCache }));

        Assert.Equal("MQ4001", error.Code);
        Assert.Contains("full", error.Message, StringComparison.Ordinal);
        Assert.Empty(_job.StoredFiles());
        Assert.Empty(_job.Folder.Files("out"));
    }

    [Fact]
    public async Task Two_jobs_of_one_key_build_once_and_the_one_that_waits_says_for_whom()
    {
        using ManualResetEventSlim building = new();
        using ManualResetEventSlim goOn = new();
        _job.Producer = new StandInProducer((_, token) =>
        {
            building.Set();
            goOn.Wait(token);
        });

        Task<QuantizationResult> first = _job.RunAsync();
        Assert.True(building.Wait(TimeSpan.FromSeconds(30)));
        EventLog waiting = new();
        Task<QuantizationResult> second = new QuantizationJob(_job.Producer).ExecuteAsync(_job.Request with { OutputPath = _job.Folder["second/model.mq.safetensors"] }, waiting, default);
        SpinWait.SpinUntil(() => waiting.Steps.Any(step => step.Step == "wait"), TimeSpan.FromSeconds(30));
        goOn.Set();

        Assert.False((await first).CacheHit);
        Assert.True((await second).CacheHit);
        Assert.Equal(1, _job.Producer.Calls);
        Assert.Contains(waiting.Messages, text => text.Contains($"pid {Environment.ProcessId}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_store_that_cannot_be_used_is_a_warning()
    {
        string file = _job.Folder.Write("a-file", "not a folder");

        QuantizationResult result = await _job.RunAsync(_job.Request with { CacheDirectory = Path.Combine(file, "store") });

        Assert.False(result.CacheHit);
        Assert.Equal(["MQ4003"], _job.Log.Warnings);
        Assert.True(File.Exists(_job.Request.OutputPath));
    }

    [Fact]
    public async Task An_output_that_is_already_right_keeps_its_bytes_and_gets_a_new_time()
    {
        await _job.RunAsync();
        DateTime old = DateTime.UtcNow.AddHours(-1);
        File.SetLastWriteTimeUtc(_job.Request.OutputPath, old);

        Assert.True((await _job.RunAsync()).CacheHit);

        Assert.True(File.GetLastWriteTimeUtc(_job.Request.OutputPath) > old.AddMinutes(30));
    }

    [Theory]
    [InlineData("MQ1004")]
    [InlineData("MQ1005")]
    [InlineData("MQ1006")]
    [InlineData("MQ2001")]
    [InlineData("MQ3001")]
    public async Task A_request_that_makes_no_sense_is_one_error_and_leaves_nothing(string code)
    {
        Directory.CreateDirectory(_job.Folder["empty"]);
        QuantizationRequest bad = code switch
        {
            "MQ1004" => _job.Request with { Alpha = 1.5 },
            "MQ1005" => _job.Request with { OutputPath = _job.Folder["model"] },
            "MQ1006" => _job.Request with { Calibration = ["calib/*.txt"] },
            "MQ2001" => _job.Request with { CheckpointPath = _job.Folder["empty"] },
            _ => _job.Request with { Recipe = "Magic" },
        };

        Assert.Equal(code, (await Assert.ThrowsAsync<MobileQuantException>(() => _job.RunAsync(bad))).Code);
        Assert.False(Directory.Exists(_job.Folder["out"]));
        Assert.Empty(_job.StoredFiles());
    }

    [Theory]
    [InlineData("/dev/full")]
    [InlineData("/dev/../dev/null")]
    public async Task A_device_is_never_replaced(string output)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        QuantizationRequest bad = _job.Request with { OutputPath = output };
        Assert.Equal("MQ1005", (await Assert.ThrowsAsync<MobileQuantException>(() => _job.RunAsync(bad))).Code);
        Assert.Equal(0, new FileInfo(output).Length);
    }
}
