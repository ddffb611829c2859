using System.Diagnostics;
using MobileQuant.Checkpoints;
using MobileQuant.Checkpoints.Gguf;
using MobileQuant.Modeling;
using MobileQuant.Torch;

namespace MobileQuant.Tests.Checkpoints.Gguf;

/// <summary>Files that lie: each gives one error with the right code, at once, and without memory for what is only claimed.</summary>
public sealed class GgufBadInputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mobilequant-gguf-").FullName;

    public static TheoryData<string, string, string> Cases
    {
        get
        {
            TheoryData<string, string, string> cases = [];
            foreach (string name in Damages.Keys)
            {
                cases.Add(name, Damages[name].Code, Damages[name].Named);
            }

            return cases;
        }
    }

    private static Dictionary<string, (string Code, string Named, Func<GgufWriter, GgufWriter> Damage)> Damages { get; } = new()
    {
        ["another magic number"] = ("MQ2020", "letters GGUF", w => With(w, () => w.Magic = 0x46554746)),
        ["version 1"] = ("MQ2020", "version is 1", w => With(w, () => w.Version = 1)),
        ["version 4"] = ("MQ2020", "version is 4", w => With(w, () => w.Version = 4)),
        ["big-endian"] = ("MQ2020", "big-endian", w => With(w, () => w.Version = 0x03000000)),
        ["2^64 - 1 keys"] = ("MQ2021", "18446744073709551615 metadata keys", w => With(w, () => w.ClaimedKeys = ulong.MaxValue)),
        ["2^64 - 1 tensors"] = ("MQ2021", "18446744073709551615 tensors", w => With(w, () => w.ClaimedTensors = ulong.MaxValue)),
        ["more keys than there are"] = ("MQ2020", "ends inside its header", w => With(w, () => w.ClaimedKeys = 60)),
        ["a string of 2^64 - 1 bytes"] = ("MQ2020", "18446744073709551615", w => w.SetRaw("a.b", 8, GgufWriter.Encode(ulong.MaxValue))),
        ["a string of 2^63 bytes"] = ("MQ2020", "9223372036854775808", w => w.SetRaw("a.b", 8, GgufWriter.Encode(1UL << 63))),
        ["an array of 2^64 - 1 numbers"] = ("MQ2020", "18446744073709551615", w => w.SetRaw("a.b", 9, [.. GgufWriter.Encode(4u), .. GgufWriter.Encode(ulong.MaxValue)])),
        ["an array of 2^62 doubles, whose size wraps"] = ("MQ2020", "4611686018427387904 times 8", w => w.SetRaw("a.b", 9, [.. GgufWriter.Encode(12u), .. GgufWriter.Encode(1UL << 62)])),
        ["an array of 2^64 - 1 strings"] = ("MQ2020", "18446744073709551615", w => w.SetRaw("a.b", 9, [.. GgufWriter.Encode(8u), .. GgufWriter.Encode(ulong.MaxValue)])),
        ["an array with a string of 2^64 - 1 bytes"] = ("MQ2020", "18446744073709551615", w => w.SetRaw("a.b", 9, [.. GgufWriter.Encode(8u), .. GgufWriter.Encode(1UL), .. GgufWriter.Encode(ulong.MaxValue)])),
        ["arrays in arrays"] = ("MQ2021", "array of arrays", w => w.SetRaw("a.b", 9, [.. Enumerable.Range(0, 1000).SelectMany(_ => new byte[] { 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 })])),
        ["an unknown type of value"] = ("MQ2021", "unknown type 13", w => w.SetRaw("a.b", 13, new byte[8])),
        ["an unknown type of elements"] = ("MQ2021", "unknown type 99", w => w.SetRaw("a.b", 9, [.. GgufWriter.Encode(99u), .. GgufWriter.Encode(1UL)])),
        ["an empty key"] = ("MQ2021", "0 bytes", w => w.Set("", 1u)),
        ["a key of 70,000 bytes"] = ("MQ2021", "70000 bytes", w => w.Set(new string('k', 70_000), 1u)),
        ["a key twice"] = ("MQ2021", "'general.name' appears twice", w => w.SetRaw("general.name", 0, [1])),
        ["a tensor twice"] = ("MQ2021", "'output_norm.weight' appears twice", w => w.AddTensor("output_norm.weight", new float[32], 32)),
        ["alignment 0"] = ("MQ2021", "alignment", w => w.Set("general.alignment", 0u)),
        ["alignment 24"] = ("MQ2021", "alignment", w => w.Set("general.alignment", 24u)),
        ["alignment 2^31"] = ("MQ2021", "alignment", w => w.Set("general.alignment", 1u << 31)),
        ["alignment as text"] = ("MQ2024", "general.alignment", w => w.Set("general.alignment", "32")),
        ["alignment above the one of the offsets"] = ("MQ2023", "multiple of the alignment, 4096", w => w.Set("general.alignment", 4096u)),
        ["no dimensions"] = ("MQ2022", "0 dimensions", w => w.Change("blk.0.attn_k.weight", t => t with { Dimensions = [] })),
        ["five dimensions"] = ("MQ2022", "5 dimensions", w => w.Change("blk.0.attn_k.weight", t => t with { Dimensions = [32, 16, 1, 1, 1] })),
        ["a dimension of 0"] = ("MQ2022", "no elements", w => w.Change("blk.0.attn_k.weight", t => t with { Dimensions = [0, 16] })),
        ["dimensions whose product is 2^64"] = ("MQ2022", "too many elements", w => w.Change("blk.0.attn_k.weight", t => t with { Dimensions = [1UL << 32, 1UL << 32] })),
        ["dimensions whose product wraps to 512"] = ("MQ2022", "too many elements", w => w.Change("blk.0.attn_k.weight", t => t with { Dimensions = [1UL << 63, 2, 32, 16] })),
        ["a dimension of 2^64 - 1"] = ("MQ2022", "too many elements", w => w.Change("blk.0.attn_k.weight", t => t with { Dimensions = [ulong.MaxValue, 16] })),
        ["more elements than the file has bytes"] = ("MQ2023", "needs 4398046511104 bytes", w => w.Change("blk.0.attn_k.weight", t => t with { Dimensions = [1UL << 30, 1024] })),
        ["rows that blocks do not divide"] = ("MQ2022", "do not divide", w => w.Change("blk.0.attn_q.weight", t => t with { Dimensions = [48, 32] })),
        ["a tensor type that was removed"] = ("MQ2022", "unknown type 4", w => w.Change("blk.0.attn_k.weight", t => t with { Type = 4 })),
        ["a tensor type of the future"] = ("MQ2022", "unknown type 4294967295", w => w.Change("blk.0.attn_k.weight", t => t with { Type = uint.MaxValue })),
        ["an offset that is not aligned"] = ("MQ2023", "multiple of the alignment", w => w.Change("blk.0.attn_k.weight", t => t with { Offset = 33 })),
        ["an offset of 2^64 - 32"] = ("MQ2023", "18446744073709551584", w => w.Change("blk.0.attn_k.weight", t => t with { Offset = ulong.MaxValue - 31 })),
        ["an offset of 2^63 - 32"] = ("MQ2023", "9223372036854775776", w => w.Change("blk.0.attn_k.weight", t => t with { Offset = long.MaxValue - 31 })),
        ["an offset behind the end"] = ("MQ2023", "1048576", w => w.Change("blk.0.attn_k.weight", t => t with { Offset = 1 << 20 })),
        ["two tensors in one place"] = ("MQ2023", "overlap", w => w.Change("blk.0.attn_k.weight", t => t with { Offset = 0 })),
        ["no architecture"] = ("MQ2003", "general.architecture", w => w.Remove("general.architecture")),
        ["another architecture"] = ("MQ2003", "'mamba'", w => w.Set("general.architecture", "mamba")),
        ["an architecture that is a number"] = ("MQ2024", "general.architecture", w => w.Set("general.architecture", 7u)),
        ["an architecture of control characters"] = ("MQ2003", "'??'", w => w.Set("general.architecture", "\u001b\n")),
        ["no layers"] = ("MQ2024", "'llama.block_count' is missing", w => w.Remove("llama.block_count")),
        ["zero layers"] = ("MQ2024", "llama.block_count", w => w.Set("llama.block_count", 0u)),
        ["10,000 layers"] = ("MQ2005", "for 10000 layers", w => w.Set("llama.block_count", 10_000u)),
        ["a layer more than there is"] = ("MQ2005", "blk.1.", w => w.Set("llama.block_count", 2u)),
        ["2^32 - 1 layers"] = ("MQ2024", "4294967295", w => w.Set("llama.block_count", uint.MaxValue)),
        ["a width of -32"] = ("MQ2024", "found -32", w => w.Set("llama.embedding_length", -32)),
        ["a width that is a float"] = ("MQ2024", "found Float32", w => w.Set("llama.embedding_length", 32f)),
        ["a width that is 2^60"] = ("MQ2024", "1152921504606846976", w => w.Set("llama.embedding_length", 1UL << 60)),
        ["an epsilon of NaN"] = ("MQ2024", "found NaN", w => w.Set("llama.attention.layer_norm_rms_epsilon", float.NaN)),
        ["no epsilon"] = ("MQ2024", "layer_norm_rms_epsilon' is missing", w => w.Remove("llama.attention.layer_norm_rms_epsilon")),
        ["no feed-forward length"] = ("MQ2024", "feed_forward_length' is missing", w => w.Remove("llama.feed_forward_length")),
        ["feed-forward lengths by layer"] = ("MQ2004", "one value for each layer", w => w.Set("llama.feed_forward_length", new uint[] { 64 })),
        ["heads that do not divide the width"] = ("MQ2024", "llama.attention.head_count", w => w.Set("llama.attention.head_count", 6u)),
        ["heads that keys do not divide"] = ("MQ2024", "llama.attention.head_count_kv", w => w.Set("llama.attention.head_count_kv", 3u)),
        ["an odd head size"] = ("MQ2004", "head size is 7", w => w.Set("llama.attention.key_length", 7u)),
        ["values of another size"] = ("MQ2004", "values have 16", w => w.Set("llama.attention.value_length", 16u)),
        ["an odd number of rotated channels"] = ("MQ2024", "rope.dimension_count", w => w.Set("llama.rope.dimension_count", 5u)),
        ["more rotated channels than a head has"] = ("MQ2024", "rope.dimension_count", w => w.Set("llama.rope.dimension_count", 16u)),
        ["a rotary base of 0"] = ("MQ2024", "rope.freq_base", w => w.Set("llama.rope.freq_base", 0f)),
        ["an unknown rotary scaling"] = ("MQ2004", "'yarn'", w => w.Set("llama.rope.scaling.type", "yarn")),
        ["a linear scaling below 1"] = ("MQ2024", "rope.scaling.factor", w => w.Set("llama.rope.scaling.type", "linear").Set("llama.rope.scaling.factor", 0.5f)),
        ["rotary factors of another size"] = ("MQ2006", "expected 4", w => w.AddTensor("rope_freqs.weight", new float[8], 8)),
        ["rotary factors of zero"] = ("MQ2008", "rope_freqs", w => w.AddTensor("rope_freqs.weight", new float[4], 4)),
        ["a mixture of experts"] = ("MQ2004", "experts", w => w.Set("llama.expert_count", 8u)),
        ["a sliding window"] = ("MQ2004", "last 16 positions", w => w.Set("llama.attention.sliding_window", 16u)),
        ["soft-capped logits"] = ("MQ2004", "final_logit_softcapping", w => w.Set("llama.final_logit_softcapping", 30f)),
        ["a part of a model"] = ("MQ2026", "one of 3 parts", w => w.Set("split.count", 3u)),
        ["no embedding"] = ("MQ2005", "token_embd.weight", w => w.RemoveTensor("token_embd.weight")),
        ["an embedding of another width"] = ("MQ2006", "token_embd.weight", w => w.Change("token_embd.weight", t => t with { Dimensions = [64, 20] })),
        ["a vocabulary size that disagrees"] = ("MQ2027", "vocab_size' is 41", w => w.Set("llama.vocab_size", 41u)),
        ["more tokens than rows"] = ("MQ2027", "41 tokens", w => w.Set("tokenizer.ggml.tokens", Enumerable.Repeat("t", 41).ToArray())),
        ["an end token outside of the vocabulary"] = ("MQ2024", "eos_token_id", w => w.Set("tokenizer.ggml.eos_token_id", 40u)),
        ["add_bos_token of 2"] = ("MQ2024", "add_bos_token", w => w.Remove("tokenizer.ggml.add_bos_token").SetRaw("tokenizer.ggml.add_bos_token", 7, [2])),
        ["a tensor that nobody reads"] = ("MQ2004", "attn_q_norm", w => w.AddTensor("blk.0.attn_q_norm.weight", new float[8], 8)),
        ["a tensor of a layer that is not counted"] = ("MQ2004", "blk.1.attn_q.bias", w => w.AddTensor("blk.1.attn_q.bias", new float[32], 32)),
        ["no norm"] = ("MQ2005", "output_norm.weight", w => w.RemoveTensor("output_norm.weight")),
        ["a bias of another shape"] = ("MQ2006", "blk.0.attn_q.bias", w => w.AddTensor("blk.0.attn_q.bias", new float[16], 16)),
        ["a weight of another shape"] = ("MQ2006", "blk.0.attn_k.weight", w => w.Change("blk.0.attn_k.weight", t => t with { Dimensions = [16, 32] })),
        ["a weight with one dimension"] = ("MQ2006", "blk.0.attn_k.weight", w => w.Change("blk.0.attn_k.weight", t => t with { Dimensions = [512] })),
        ["a type that is only listed"] = ("MQ2025", "I32", w => w.Change("blk.0.attn_k.weight", t => t with { Type = 26 })),
        ["a block scale of NaN"] = ("MQ2008", "blk.0.ffn_up.weight", w => w.Change("blk.0.ffn_up.weight", t => t with { Data = [0xff, 0x7f, .. t.Data[2..]] })),
        ["a block scale of infinity"] = ("MQ2008", "blk.0.ffn_up.weight", w => w.Change("blk.0.ffn_up.weight", t => t with { Data = [0x00, 0x7c, .. t.Data[2..]] })),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gives_one_clear_error_at_once(string damage, string code, string named)
    {
        GgufWriter writer = Damages[damage].Damage(GgufSamples.Tiny());
        string path = writer.Save(Path.Combine(_folder, "bad.gguf"));
        TorchRuntime.EnsureLoaded();
        long before = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => Load(path));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 5);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        Assert.Equal(code, e.Code);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.Contains("bad.gguf", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(e.Message, char.IsControl);
    }

    [Fact]
    public void The_undamaged_file_loads()
    {
        foreach (uint version in new uint[] { 2, 3 })
        {
            GgufWriter writer = GgufSamples.Tiny();
            writer.Version = version;
            Load(writer.Save(Path.Combine(_folder, "good.gguf")));
        }
    }

    [Fact]
    public void Every_truncation_of_the_header_and_the_data_is_an_error()
    {
        GgufWriter writer = GgufSamples.Tiny();
        byte[] whole = writer.ToBytes();
        string path = Path.Combine(_folder, "cut.gguf");
        for (int length = 0; length < whole.Length; length += length < writer.HeaderLength ? 1 : 997)
        {
            File.WriteAllBytes(path, whole[..length]);
            MobileQuantException e = Assert.Throws<MobileQuantException>(() => GgufFile.Open(path).Dispose());
            Assert.Contains(e.Code, new[] { "MQ2020", "MQ2021", "MQ2023" });
        }

        // The last tensor needs no padding after it.
        File.WriteAllBytes(path, whole);
        GgufFile.Open(path).Dispose();
    }

    [Fact]
    public void What_is_no_file_of_this_kind_is_refused()
    {
        string empty = Path.Combine(_folder, "empty.gguf");
        File.WriteAllBytes(empty, []);
        Assert.Equal("MQ2020", Code(() => CheckpointReader.Open(empty)));
        string text = Path.Combine(_folder, "note.txt");
        File.WriteAllText(text, "GGU");
        Assert.Equal("MQ2001", Code(() => CheckpointReader.Open(text)));
        Assert.Equal("MQ2001", Code(() => CheckpointReader.Open(Path.Combine(_folder, "none.gguf"))));
        Assert.Equal("MQ2020", Code(() => GgufFile.Open(Path.Combine(_folder, "none.gguf"))));
        Assert.Equal("MQ2020", Code(() => GgufFile.Open(_folder)));
    }

    [Fact]
    public void A_folder_may_hold_one_file()
    {
        GgufWriter writer = GgufSamples.Tiny();
        writer.Save(Path.Combine(_folder, "one.GGUF"));
        using (ICheckpoint checkpoint = CheckpointReader.Open(_folder))
        {
            Assert.Equal("one.GGUF", checkpoint.Name);
            Assert.Equal([Path.Combine(_folder, "one.GGUF")], checkpoint.Files);
        }

        writer.Save(Path.Combine(_folder, "two.gguf"));
        Assert.Equal("MQ2026", Code(() => CheckpointReader.Open(_folder)));

        // With a config.json it is a Hugging Face folder, whatever else lies in it.
        File.WriteAllText(Path.Combine(_folder, "config.json"), "{}");
        Assert.Equal("MQ2003", Code(() => CheckpointReader.Open(_folder)));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static GgufWriter With(GgufWriter writer, Action change)
    {
        change();
        return writer;
    }

    private static string Code(Func<IDisposable> action) => Assert.Throws<MobileQuantException>(action).Code;

    private static void Load(string path)
    {
        TorchRuntime.EnsureLoaded();
        using ICheckpoint checkpoint = CheckpointReader.Open(path);
        using DecoderWeights weights = WeightLoader.Load(checkpoint);
    }
}
