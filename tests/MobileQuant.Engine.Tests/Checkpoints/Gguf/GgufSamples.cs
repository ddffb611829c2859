using MobileQuant.Checkpoints;
using MobileQuant.Checkpoints.Gguf;
using MobileQuant.Modeling;

namespace MobileQuant.Tests.Checkpoints.Gguf;

/// <summary>Small GGUF models made in code.</summary>
internal static class GgufSamples
{
    /// <summary>A Llama of one layer, 32 wide, 4 heads of 8 with 2 for keys and values, 40 tokens, of float and of block tensors.</summary>
    public static GgufWriter Tiny()
    {
        GgufWriter writer = new();
        writer.Set("general.architecture", "llama").Set("general.name", "tiny");
        writer.Set("llama.block_count", 1u).Set("llama.context_length", 64u).Set("llama.embedding_length", 32u).Set("llama.feed_forward_length", 64u);
        writer.Set("llama.attention.head_count", 4u).Set("llama.attention.head_count_kv", 2u).Set("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        writer.Set("llama.rope.freq_base", 10_000f).Set("llama.vocab_size", 40u);
        writer.Set("tokenizer.ggml.model", "gpt2").Set("tokenizer.ggml.tokens", Enumerable.Range(0, 40).Select(i => "t" + i).ToArray());
        writer.Set("tokenizer.ggml.token_type", new int[40]).Set("tokenizer.ggml.scores", new float[40]);
        writer.Set("tokenizer.ggml.add_bos_token", true).Set("tokenizer.ggml.bos_token_id", 1u).Set("tokenizer.ggml.eos_token_id", 2u);

        Random random = new(1);
        void Floats(string name, params ulong[] shape) => writer.AddTensor(name, Values(random, shape), shape);

        // Codes at random, scales set to 1/16, so that every value is finite.
        void Blocks(string name, ulong rows, ulong columns)
        {
            byte[] data = new byte[rows * columns / 32 * 34];
            random.NextBytes(data);
            for (int at = 0; at < data.Length; at += 34)
            {
                BitConverter.TryWriteBytes(data.AsSpan(at), (Half)0.0625);
            }

            writer.AddTensor(name, GgufTensorType.Q8_0, data, rows, columns);
        }

        Blocks("token_embd.weight", 40, 32);
        Floats("blk.0.attn_norm.weight", 32);
        Blocks("blk.0.attn_q.weight", 32, 32);
        Floats("blk.0.attn_k.weight", 16, 32);
        Floats("blk.0.attn_v.weight", 16, 32);
        Blocks("blk.0.attn_output.weight", 32, 32);
        Floats("blk.0.ffn_norm.weight", 32);
        Blocks("blk.0.ffn_gate.weight", 64, 32);
        Blocks("blk.0.ffn_up.weight", 64, 32);
        Blocks("blk.0.ffn_down.weight", 32, 64);
        Floats("output_norm.weight", 32);
        return writer;
    }

    /// <summary>The same without anything of a tokenizer.</summary>
    public static GgufWriter TinyWithoutTokenizer()
    {
        GgufWriter writer = Tiny();
        foreach (string key in new[] { "model", "tokens", "token_type", "scores", "add_bos_token", "bos_token_id", "eos_token_id" })
        {
            writer.Remove("tokenizer.ggml." + key);
        }

        return writer;
    }

    /// <summary>A Hugging Face checkpoint as a converter would write it, in F32.</summary>
    public static GgufWriter Convert(ICheckpoint folder, string architecture, bool interleaved)
    {
        DecoderArchitecture a = folder.Architecture;
        GgufWriter writer = new();
        GgufWriter Set(string key, object value) => writer.Set(architecture + "." + key, value);
        writer.Set("general.architecture", architecture);
        Set("block_count", (uint)a.LayerCount);
        Set("context_length", (uint)a.ContextLength);
        Set("embedding_length", (uint)a.HiddenSize);
        Set("feed_forward_length", (uint)a.FeedForwardSize);
        Set("attention.head_count", (uint)a.HeadCount);
        Set("attention.head_count_kv", (uint)a.KeyValueHeadCount);
        Set("attention.key_length", (uint)a.HeadSize);
        Set("attention.value_length", (uint)a.HeadSize);
        Set(a.Norm == NormKind.Layer ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon", (float)a.NormEpsilon);
        Set("rope.freq_base", (float)a.Rotary.Base);
        Set("rope.dimension_count", (uint)a.Rotary.RotatedSize(a.HeadSize));
        if (a.Rotary.Scaling == RotaryScalingKind.Linear)
        {
            Set("rope.scaling.type", "linear");
            Set("rope.scaling.factor", (float)a.Rotary.Factor);
        }
        else if (a.Rotary.Scaling == RotaryScalingKind.Llama3)
        {
            double[] plain = new RotarySettings { Base = a.Rotary.Base }.InverseFrequencies(a.HeadSize);
            double[] scaled = a.Rotary.InverseFrequencies(a.HeadSize);
            writer.AddTensor("rope_freqs.weight", [.. plain.Zip(scaled, (p, s) => (float)(p / s))], (ulong)plain.Length);
        }

        void Copy(string from, string to, bool rows = false)
        {
            float[] values = new float[folder.ShapeOf(from).Aggregate(1L, (x, y) => x * y)];
            folder.Read(from, 0, values);
            writer.AddTensor(to, rows ? Interleave(values, a.HeadSize, (int)folder.ShapeOf(from)[0]) : values, [.. folder.ShapeOf(from).Select(d => (ulong)d)]);
        }

        // Converters add the one of Gemma's gains.
        void CopyNorm(string from, string to, int layer = 0)
        {
            float[] gains = new float[a.HiddenSize];
            folder.Read(TensorNames.Weight(from, layer), 0, gains);
            writer.AddTensor(TensorNames.Weight(to, layer), a.Norm == NormKind.RmsGainPlusOne ? [.. gains.Select(g => g + 1)] : gains, (ulong)a.HiddenSize);
            if (a.Norm == NormKind.Layer)
            {
                Copy(TensorNames.Bias(from, layer), TensorNames.Bias(to, layer));
            }
        }

        TensorNames names = GgufModel.Names;
        Copy(TensorNames.Weight(folder.Names.Embedding), TensorNames.Weight(names.Embedding));
        for (int layer = 0; layer < a.LayerCount; layer++)
        {
            CopyNorm(folder.Names.AttentionNorm, names.AttentionNorm, layer);
            CopyNorm(folder.Names.MlpNorm, names.MlpNorm, layer);
            foreach (LinearKind kind in a.Linears)
            {
                bool rows = interleaved && (kind is LinearKind.Query or LinearKind.Key);
                Copy(TensorNames.Weight(folder.Names.Linears[kind], layer), TensorNames.Weight(names.Linears[kind], layer), rows);
                if (a.Biased.Contains(kind))
                {
                    Copy(TensorNames.Bias(folder.Names.Linears[kind], layer), TensorNames.Bias(names.Linears[kind], layer), rows);
                }
            }
        }

        CopyNorm(folder.Names.FinalNorm, names.FinalNorm);
        if (!a.TiedEmbeddings)
        {
            Copy(TensorNames.Weight(folder.Names.Head), TensorNames.Weight(names.Head));
        }

        return writer;
    }

    // The converter's own way: view each head as two halves, and swap that dimension with the one of the rows in a half.
    private static float[] Interleave(float[] values, int headSize, int rows)
    {
        int columns = values.Length / rows;
        float[] result = new float[values.Length];
        int to = 0;
        for (int head = 0; head < rows / headSize; head++)
        {
            for (int i = 0; i < headSize / 2; i++)
            {
                for (int half = 0; half < 2; half++)
                {
                    int from = (head * headSize) + (half * headSize / 2) + i;
                    values.AsSpan(from * columns, columns).CopyTo(result.AsSpan(to++ * columns));
                }
            }
        }

        return result;
    }

    private static float[] Values(Random random, ulong[] shape)
    {
        ulong count = shape.Aggregate(1UL, (a, b) => a * b);
        return [.. Enumerable.Range(0, (int)count).Select(_ => (float)random.NextDouble() - 0.5f)];
    }
}
