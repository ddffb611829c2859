using MobileQuant.Checkpoints;
using MobileQuant.Checkpoints.Gguf;
using MobileQuant.Modeling;

namespace MobileQuant.Tests.Checkpoints.Gguf;

public sealed class GgufMetadataTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mobilequant-gguf-").FullName;

    [Fact]
    public void Gives_each_kind_of_value()
    {
        GgufWriter writer = new();
        writer.Set("text", "Ġ grüße").Set("u8", (byte)200).Set("u32", uint.MaxValue).Set("i32", -5).Set("u64", 7UL).Set("f32", 0.5f).Set("f64", 0.25).Set("yes", true);
        writer.Set("texts", new[] { "a", "", "ĊĠ" }).Set("floats", new[] { 1f, float.NegativeInfinity }).Set("ints", new[] { -1, 2 }).Set("bytes", new byte[] { 1, 255 });
        using GgufFile file = GgufFile.Open(writer.Save(Path.Combine(_folder, "a.gguf")));
        GgufMetadata m = file.Metadata;

        Assert.Equal(12, m.Keys.Count);
        Assert.Equal("text", m.Keys[0]);
        Assert.True(m.TryGetString("text", out string text));
        Assert.Equal("Ġ grüße", text);
        Assert.True(m.TryGetUInt32("u8", out uint small));
        Assert.Equal(200u, small);
        Assert.True(m.TryGetUInt32("u32", out uint large));
        Assert.Equal(uint.MaxValue, large);
        Assert.True(m.TryGetUInt32("u64", out uint wide));
        Assert.Equal(7u, wide);
        Assert.True(m.TryGetFloat32("f32", out float half));
        Assert.Equal(0.5f, half);
        Assert.True(m.TryGetFloat32("f64", out float quarter));
        Assert.Equal(0.25f, quarter);
        Assert.True(m.TryGetBoolean("yes", out bool yes) && yes);
        Assert.True(m.TryGetStrings("texts", out string[] texts));
        Assert.Equal(["a", "", "ĊĠ"], texts);
        Assert.True(m.TryGetFloats("floats", out float[] floats));
        Assert.Equal([1f, float.NegativeInfinity], floats);
        Assert.True(m.TryGetIntegers("ints", out int[] integers));
        Assert.Equal([-1, 2], integers);
        Assert.True(m.TryGetIntegers("bytes", out int[] bytes));
        Assert.Equal([1, 255], bytes);
        Assert.Equal(3, m.ArrayLength("texts"));
        Assert.Null(m.ArrayLength("text"));
        Assert.Equal(GgufValueType.Text, m.TypeOf("texts"));
        Assert.Null(m.TypeOf("none"));
    }

    [Fact]
    public void A_missing_key_is_false_and_a_wrong_type_an_error()
    {
        GgufWriter writer = new();
        writer.Set("text", "7").Set("number", 7u).Set("negative", -1).Set("mixed", new[] { ulong.MaxValue });
        writer.SetRaw("broken", 8, [.. GgufWriter.Encode(2UL), 0xc3, 0x28]);
        using GgufFile file = GgufFile.Open(writer.Save(Path.Combine(_folder, "a.gguf")));
        GgufMetadata m = file.Metadata;
        Assert.False(m.TryGetUInt32("none", out _) || m.TryGetString("none", out _) || m.TryGetStrings("none", out _) || m.TryGetBoolean("none", out _));
        Assert.All(
            new Action[]
            {
                () => m.TryGetUInt32("text", out _), () => m.TryGetString("number", out _), () => m.TryGetUInt32("negative", out _), () => m.TryGetStrings("text", out _),
                () => m.TryGetFloat32("number", out _), () => m.TryGetIntegers("mixed", out _), () => m.TryGetUInt32("mixed", out _), () => m.TryGetString("broken", out _),
            },
            action => Assert.Equal("MQ2024", Assert.Throws<MobileQuantException>(action).Code));
    }

    [Fact]
    public void Nothing_is_readable_after_the_file_is_closed()
    {
        GgufFile file = GgufFile.Open(GgufSamples.Tiny().Save(Path.Combine(_folder, "a.gguf")));
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Metadata.TryGetString("general.name", out _));
        Assert.Throws<ObjectDisposedException>(() => file.Read(file.Tensors[0], 0, new float[8]));
    }

    [Theory]
    [InlineData(null, "gpt2", null)]
    [InlineData(null, "llama", 1)]
    [InlineData(true, "gpt2", 1)]
    [InlineData(false, "llama", null)]
    public void A_text_begins_with_a_token_only_where_the_tokenizer_puts_one(bool? added, string kind, int? expected)
    {
        GgufWriter writer = GgufSamples.Tiny().Set("tokenizer.ggml.model", kind).Remove("tokenizer.ggml.add_bos_token");
        if (added is { } flag)
        {
            writer.Set("tokenizer.ggml.add_bos_token", flag);
        }

        Assert.Equal(expected, Read(writer).BeginToken);
    }

    [Fact]
    public void The_ends_of_text_turn_and_message_all_end_a_text()
    {
        GgufWriter writer = GgufSamples.Tiny().Set("tokenizer.ggml.eot_token_id", 5u).Set("tokenizer.ggml.eom_token_id", 2u);
        Assert.Equal([2, 5], Read(writer).EndTokens);
        Assert.Empty(Read(GgufSamples.Tiny().Set("tokenizer.ggml.eos_token_id", uint.MaxValue)).EndTokens);
    }

    [Fact]
    public void Runs_of_any_place_and_length_are_the_same_values()
    {
        using ICheckpoint checkpoint = CheckpointReader.Open(GgufSamples.Tiny().Save(Path.Combine(_folder, "a.gguf")));
        foreach (string name in new[] { "blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.ffn_up.weight", "blk.0.attn_norm.weight" })
        {
            float[] whole = new float[checkpoint.ShapeOf(name).Aggregate(1L, (a, b) => a * b)];
            checkpoint.Read(name, 0, whole);
            Random random = new(3);
            for (int i = 0; i < 300; i++)
            {
                int start = random.Next(whole.Length + 1);
                float[] part = new float[random.Next(Math.Min(100, whole.Length - start) + 1)];
                checkpoint.Read(name, start, part);
                Assert.Equal(whole[start..(start + part.Length)], part);
            }

            Assert.Throws<ArgumentOutOfRangeException>(() => checkpoint.Read(name, 1, whole));
            Assert.Throws<ArgumentOutOfRangeException>(() => checkpoint.Read(name, -1, whole.AsSpan(0, 1)));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private DecoderArchitecture Read(GgufWriter writer)
    {
        using ICheckpoint checkpoint = CheckpointReader.Open(writer.Save(Path.Combine(_folder, "a.gguf")));
        return checkpoint.Architecture;
    }
}
