using System.Text.Json;
using MobileQuant.Tests;
using MobileQuant.Tests.Caching;
using MobileQuant.Tests.Checkpoints.Gguf;

namespace MobileQuant.Tool.Tests;

/// <summary>A GGUF file in place of a checkpoint's folder.</summary>
public sealed class GgufTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Quantizes_a_file_and_takes_it_from_the_store_under_any_name_and_as_a_folder()
    {
        string file = GgufSamples.TinyWithoutTokenizer().Save(_folder.Write("models/tiny.gguf", ""));
        CommandRun first = await Quantize(file);
        Assert.True(first.ExitCode == 0, first.Out + first.Error);
        Assert.Equal("miss", first.Json.GetProperty("cache").GetString());

        CommandRun folder = await Quantize(Path.GetDirectoryName(file)!);
        Assert.True(folder.ExitCode == 0, folder.Out + folder.Error);
        Assert.Equal("hit", folder.Json.GetProperty("cache").GetString());

        File.Move(file, _folder["models/other.GGUF"]);
        CommandRun renamed = await Quantize(_folder["models/other.GGUF"]);
        Assert.Equal("hit", renamed.Json.GetProperty("cache").GetString());
        Assert.Equal(first.Json.GetProperty("fingerprint").GetString(), renamed.Json.GetProperty("fingerprint").GetString());

        JsonElement artifact = (await CommandRun.Of("inspect", _folder["out/model.mq.safetensors"], "--verify", "--json")).Json;
        Assert.Equal("llama", artifact.GetProperty("family").GetString());
        Assert.Equal(40, artifact.GetProperty("shape").GetProperty("vocabulary").GetInt32());
    }

    [Fact]
    public async Task The_checkpoint_is_never_overwritten()
    {
        string file = GgufSamples.TinyWithoutTokenizer().Save(_folder["tiny.gguf"]);
        byte[] before = await File.ReadAllBytesAsync(file);
        (await CommandRun.Of("quantize", file, "-o", file, "--cache-directory", _folder["store"], "--json")).IsError(2, "MQ1005");
        Assert.Equal(before, await File.ReadAllBytesAsync(file));
    }

    [Theory]
    [InlineData("truncated", "MQ2023")]
    [InlineData("unknown architecture", "MQ2003")]
    [InlineData("NaN", "MQ2008")]
    [InlineData("two files", "MQ2026")]
    [InlineData("text", "MQ2001")]
    public async Task A_broken_file_is_one_error_and_leaves_nothing(string defect, string code)
    {
        string file = GgufSamples.TinyWithoutTokenizer().Save(_folder.Write("models/tiny.gguf", ""));
        switch (defect)
        {
            case "truncated":
                await File.WriteAllBytesAsync(file, (await File.ReadAllBytesAsync(file))[..^1000]);
                break;
            case "unknown architecture":
                GgufSamples.TinyWithoutTokenizer().Set("general.architecture", "mamba").Save(file);
                break;
            case "NaN":
                GgufSamples.TinyWithoutTokenizer().Change("output_norm.weight", t => t with { Data = [0, 0, 0xc0, 0x7f, .. t.Data[4..]] }).Save(file);
                break;
            case "two files":
                File.Copy(file, _folder["models/copy.gguf"]);
                file = _folder["models"];
                break;
            case "text":
                file = _folder.Write("models/tiny.txt", "no model");
                break;
        }

        (await Quantize(file)).IsError(1, code);
        Assert.Empty(_folder.Files("out"));
        Assert.Empty(_folder.Files("store/entries"));
    }

    [Fact]
    public async Task Inspect_tells_what_a_file_holds_and_the_decoder_it_is_for()
    {
        string file = GgufSamples.Tiny().Save(_folder["tiny.gguf"]);
        JsonElement json = (await CommandRun.Of("inspect", file, "--json")).Json;

        Assert.Equal("gguf", json.GetProperty("container").GetString());
        Assert.Equal(new FileInfo(file).Length, json.GetProperty("bytes").GetInt64());
        Assert.Equal(40, json.GetProperty("architecture").GetProperty("vocabulary").GetInt32());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("problem").ValueKind);
        JsonElement tokens = json.GetProperty("metadata").EnumerateArray().Single(value => value.GetProperty("key").GetString() == "tokenizer.ggml.tokens");
        Assert.Equal(40, tokens.GetProperty("count").GetInt32());
        Assert.Equal(8, tokens.GetProperty("value").GetArrayLength());
        JsonElement embedding = json.GetProperty("tensors")[0];
        Assert.Equal("Q8_0", embedding.GetProperty("type").GetString());
        Assert.Equal([40, 32], embedding.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32()));

        string text = (await CommandRun.Of("inspect", file, "--tensors")).Out;
        Assert.Contains("1 layers, 32 wide, 4 heads of 8 (2 key-value)", text, StringComparison.Ordinal);
        Assert.Contains("blk.0.attn_k.weight", text, StringComparison.Ordinal);
        (await CommandRun.Of("inspect", file, "--verify", "--json")).IsError(2, "MQ1001");
    }

    [Fact]
    public async Task Inspect_lists_a_file_that_is_not_supported_and_says_why()
    {
        string file = GgufSamples.Tiny().Set("general.architecture", "mamba").Set("general.name", "\u001b[31mred").Save(_folder["tiny.gguf"]);
        JsonElement json = (await CommandRun.Of("inspect", file, "--json")).Json;
        Assert.Equal("MQ2003", json.GetProperty("problem").GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("architecture").ValueKind);
        Assert.Equal(11, json.GetProperty("tensors").GetArrayLength());

        string text = (await CommandRun.Of("inspect", file)).Out;
        Assert.Contains("MQ2003", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
    }

    [SharedDataFact]
    public async Task Inspect_knows_a_real_model()
    {
        JsonElement json = (await CommandRun.Of("inspect", SharedData.Path("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"), "--json")).Json;
        Assert.Equal(134_515_008, json.GetProperty("architecture").GetProperty("parameters").GetInt64());
        Assert.Equal(272, json.GetProperty("tensors").GetArrayLength());
        Assert.Equal(210, json.GetProperty("types").GetProperty("Q4_1").GetInt32());
        Assert.Equal(33, json.GetProperty("metadata").GetArrayLength());
    }

    [Fact]
    public async Task Inspect_knows_a_folder()
    {
        JsonElement json = (await CommandRun.Of("inspect", SharedData.DefaultModel, "--json")).Json;
        Assert.Equal("huggingface", json.GetProperty("container").GetString());
        Assert.Equal(1_988_640, json.GetProperty("architecture").GetProperty("parameters").GetInt64());
        Assert.Equal(56, json.GetProperty("tensors").GetArrayLength());
    }

    private Task<CommandRun> Quantize(string checkpoint) =>
        CommandRun.Of("quantize", checkpoint, "-o", _folder["out/model.mq.safetensors"], "--cache-directory", _folder["store"], "--recipe", "RoundToNearest", "--json");
}
