using System.Text.Json.Nodes;
using MobileQuant.Checkpoints;
using MobileQuant.Modeling;
using MobileQuant.Tests.Modeling;
using MobileQuant.Torch;

namespace MobileQuant.Tests.Checkpoints;

public class HuggingFaceCheckpointTests
{
    [Theory]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void Reads_every_float_type(string type)
    {
        using CheckpointFolder folder = new();
        folder.WriteConfig();
        folder.WriteShard("model.safetensors", folder.Tensors.Keys, type);
        using ICheckpoint checkpoint = CheckpointReader.Open(folder.Path);

        // The values of the fixture are multiples of 1/8 below 2, exact in all three.
        float[] values = new float[30];
        checkpoint.Read("lm_head.weight", 50, values);
        Assert.Equal(folder.Tensors["lm_head.weight"].Values[50..], values);
        Assert.Equal([10, 8], checkpoint.ShapeOf("lm_head.weight"));
    }

    [Fact]
    public void Loads_weights_from_shards_as_from_one_file()
    {
        using CheckpointFolder whole = new CheckpointFolder().Write();
        using CheckpointFolder sharded = new();
        sharded.WriteConfig();
        string[] names = [.. sharded.Tensors.Keys];
        sharded.WriteShard("model-00001-of-00002.safetensors", names[..5]);
        sharded.WriteShard("model-00002-of-00002.safetensors", names[5..]);
        WriteIndex(sharded, names.Select((n, i) => (n, i < 5 ? "model-00001-of-00002.safetensors" : "model-00002-of-00002.safetensors")));

        TorchRuntime.EnsureLoaded();
        using DecoderWeights expected = Load(whole);
        using DecoderWeights actual = Load(sharded);
        Assert.All(expected.All().Zip(actual.All()), pair => Assert.Equal(Golden.Values(pair.First), Golden.Values(pair.Second)));
        using ICheckpoint checkpoint = CheckpointReader.Open(sharded.Path);
        Assert.Equal(4, checkpoint.Files.Count);
    }

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("/etc/hostname")]
    [InlineData("sub/model.safetensors")]
    [InlineData("..\\model.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    public void Refuses_shards_outside_of_the_folder(string shard)
    {
        using CheckpointFolder folder = new CheckpointFolder().Write();
        WriteIndex(folder, [("lm_head.weight", shard)]);
        Assert.Equal("MQ2014", Assert.Throws<MobileQuantException>(() => CheckpointReader.Open(folder.Path)).Code);
    }

    [Fact]
    public void Refuses_an_index_that_lies()
    {
        using CheckpointFolder folder = new CheckpointFolder().Write();
        WriteIndex(folder, [("nothing.weight", "model.safetensors")]);
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => CheckpointReader.Open(folder.Path));
        Assert.Equal("MQ2014", e.Code);
        Assert.Contains("nothing.weight", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_missing_and_empty_folders_and_pickles()
    {
        using CheckpointFolder folder = new();
        Assert.Contains("no such folder", Code("MQ2001", () => CheckpointReader.Open(Path.Combine(folder.Path, "none"))), StringComparison.Ordinal);
        Assert.Contains("empty", Code("MQ2001", () => CheckpointReader.Open(folder.Path)), StringComparison.Ordinal);
        folder.WriteConfig();
        Assert.Contains("model.safetensors", Code("MQ2001", () => CheckpointReader.Open(folder.Path)), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder.Path, "pytorch_model.bin"), "x");
        MobileQuantException pickle = Assert.Throws<MobileQuantException>(() => CheckpointReader.Open(folder.Path));
        Assert.Contains("convert", pickle.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_a_missing_tensor()
    {
        using CheckpointFolder folder = new();
        folder.Tensors.Remove("model.layers.0.mlp.up_proj.weight");
        folder.Write();
        Assert.Contains("model.layers.0.mlp.up_proj.weight", Code("MQ2005", () => Load(folder)), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_a_tensor_of_another_shape_with_both_shapes()
    {
        using CheckpointFolder folder = new();
        folder.Tensors["lm_head.weight"] = ([8, 10], folder.Tensors["lm_head.weight"].Values);
        folder.Write();
        string message = Code("MQ2006", () => Load(folder));
        Assert.Contains("[8, 10]", message, StringComparison.Ordinal);
        Assert.Contains("[10, 8]", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Names_the_element_that_is_not_finite(float value)
    {
        using CheckpointFolder folder = new();
        folder.Tensors["model.norm.weight"].Values[5] = value;
        folder.Write();
        Assert.Contains("element 5 of tensor 'model.norm.weight'", Code("MQ2008", () => Load(folder)), StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_integer_weights()
    {
        using CheckpointFolder folder = new();
        folder.WriteConfig();
        folder.WriteShard("model.safetensors", folder.Tensors.Keys, "I32");
        Assert.Contains("I32", Code("MQ2007", () => Load(folder)), StringComparison.Ordinal);
    }

    private static DecoderWeights Load(CheckpointFolder folder)
    {
        TorchRuntime.EnsureLoaded();
        using ICheckpoint checkpoint = CheckpointReader.Open(folder.Path);
        return WeightLoader.Load(checkpoint);
    }

    private static string Code(string code, Func<object> action)
    {
        MobileQuantException e = Assert.Throws<MobileQuantException>(action);
        Assert.Equal(code, e.Code);
        return e.Message;
    }

    private static void WriteIndex(CheckpointFolder folder, IEnumerable<(string Name, string Shard)> map)
    {
        JsonObject weights = [];
        foreach ((string name, string shard) in map)
        {
            weights[name] = shard;
        }

        File.WriteAllText(Path.Combine(folder.Path, "model.safetensors.index.json"), new JsonObject { ["weight_map"] = weights }.ToJsonString());
    }
}
