using System.Text.Json.Nodes;
using MobileQuant.Artifacts;
using MobileQuant.Checkpoints;
using MobileQuant.Hardening;
using MobileQuant.Tests.Caching;
using MobileQuant.Tests.Checkpoints;

namespace MobileQuant.Tests.Hardening;

public sealed class HardeningJobTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CheckpointFolder _checkpoint = new();

    public void Dispose()
    {
        _folder.Dispose();
        _checkpoint.Dispose();
    }

    [Theory]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void Shards_of_any_float_become_one_file_of_float32(string type)
    {
        _checkpoint.Config["torch_dtype"] = "bfloat16";
        _checkpoint.WriteConfig();
        string[] names = [.. _checkpoint.Tensors.Keys];
        _checkpoint.WriteShard("a.safetensors", names[..5], type);
        _checkpoint.WriteShard("b.safetensors", names[5..], type);
        JsonObject map = new(names.Select((name, i) => KeyValuePair.Create(name, (JsonNode?)(i < 5 ? "a.safetensors" : "b.safetensors"))));
        File.WriteAllText(Path.Combine(_checkpoint.Path, "model.safetensors.index.json"), new JsonObject { ["weight_map"] = map }.ToJsonString());
        File.WriteAllText(Path.Combine(_checkpoint.Path, "tokenizer.json"), "{}");

        HardeningResult result = HardeningJob.Run(_checkpoint.Path, _folder["hard"], new());

        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json"], _folder.Files("hard"));
        Assert.Equal(new FileInfo(_folder["hard/model.safetensors"]).Length, result.Bytes);
        Assert.Contains("\"torch_dtype\": \"float32\"", File.ReadAllText(_folder["hard/config.json"]), StringComparison.Ordinal);
        using SafetensorsFile file = SafetensorsFile.Open(_folder["hard/model.safetensors"]);
        Assert.All(file.Tensors.Values, tensor => Assert.Equal("F32", tensor.DType));
        Assert.Equal(names, file.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("seed 1337, share 0.01, factors 8 to 64", file.Metadata["hardened"]);
        using ICheckpoint before = CheckpointReader.Open(_checkpoint.Path);
        using ICheckpoint after = CheckpointReader.Open(_folder["hard"]);
        float[] was = new float[8];
        float[] now = new float[8];
        before.Read("model.layers.0.mlp.down_proj.weight", 12, was);
        after.Read("model.layers.0.mlp.down_proj.weight", 12, now);
        Assert.All(was.Zip(now), pair => Assert.Contains(pair.Second == 0 ? 1 : pair.First / pair.Second, (float[])[1, 8, 16, 32, 64]));
    }

    [Fact]
    public void The_same_twice_gives_the_same_bytes()
    {
        _checkpoint.Write();
        HardeningJob.Run(_checkpoint.Path, _folder["one"], new() { Seed = 4 });
        HardeningJob.Run(_checkpoint.Path, _folder["two"], new() { Seed = 4 });
        HardeningJob.Run(_checkpoint.Path, _folder["other"], new() { Seed = 5 });
        foreach (string file in _folder.Files("one"))
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["one"], file)), File.ReadAllBytes(Path.Combine(_folder["two"], file)));
        }

        Assert.NotEqual(File.ReadAllBytes(_folder["one/model.safetensors"]), File.ReadAllBytes(_folder["other/model.safetensors"]));
    }

    [Fact]
    public void An_empty_folder_is_filled_and_what_is_there_is_never_touched()
    {
        _checkpoint.Write();
        Directory.CreateDirectory(_folder["empty"]);
        HardeningJob.Run(_checkpoint.Path, _folder["empty"] + Path.DirectorySeparatorChar, new());
        Assert.Equal(["config.json", "model.safetensors"], _folder.Files("empty"));

        _folder.Write("full/keep.txt", "kept");
        Assert.Equal("MQ1021", Fails("full", new()).Code);
        Assert.Equal("MQ1021", Fails("full/keep.txt", new()).Code);
        Assert.Equal(["keep.txt"], _folder.Files("full"));
        Assert.Equal("MQ1021", Assert.Throws<MobileQuantException>(() => HardeningJob.Run(_checkpoint.Path, _checkpoint.Path, new())).Code);
    }

    [Theory]
    [InlineData(0, 8, 64)]
    [InlineData(-0.5, 8, 64)]
    [InlineData(1.01, 8, 64)]
    [InlineData(double.NaN, 8, 64)]
    [InlineData(0.01, 7, 64)]
    [InlineData(0.01, 8, 65)]
    [InlineData(0.01, 1, 64)]
    [InlineData(0.01, -8, 64)]
    [InlineData(0.01, 64, 8)]
    [InlineData(0.01, 8, 131072)]
    public void Options_that_make_no_sense_are_refused(double share, int minimum, int maximum)
    {
        _checkpoint.Write();
        Assert.Equal("MQ1020", Fails("hard", new() { Share = share, MinimumFactor = minimum, MaximumFactor = maximum }).Code);
        AssertNothingThere();
    }

    [Theory]
    [InlineData("missing", "MQ2005")]
    [InlineData("shape", "MQ2006")]
    [InlineData("nan", "MQ2008")]
    public void A_broken_checkpoint_leaves_nothing_behind(string defect, string code)
    {
        const string Last = "model.norm.weight";
        (int[] shape, float[] values) = _checkpoint.Tensors[Last];
        _checkpoint.Tensors.Remove(Last);
        if (defect != "missing")
        {
            _checkpoint.Tensors[Last] = defect == "shape" ? ([2, 4], values) : (shape, [.. values[1..], float.NaN]);
        }

        _checkpoint.Write();
        Assert.Equal(code, Fails("hard", new()).Code);
        AssertNothingThere();
    }

    [Fact]
    public void A_cancelled_run_leaves_nothing_behind()
    {
        _checkpoint.Write();
        using CancellationTokenSource source = new();
        Assert.ThrowsAny<OperationCanceledException>(() => HardeningJob.Run(_checkpoint.Path, _folder["hard"], new(), new CancelAtOnce(source), source.Token));
        AssertNothingThere();
    }

    private MobileQuantException Fails(string output, HardeningOptions options) =>
        Assert.Throws<MobileQuantException>(() => HardeningJob.Run(_checkpoint.Path, _folder[output], options));

    private void AssertNothingThere() => Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));

    private sealed class CancelAtOnce(CancellationTokenSource source) : IProgress<QuantizationEvent>
    {
        public void Report(QuantizationEvent value) => source.Cancel();
    }
}
