using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MobileQuant.Tests.Checkpoints;

/// <summary>A temporary Hugging Face folder of a one-layer model, to be damaged by tests.</summary>
internal sealed class CheckpointFolder : IDisposable
{
    public CheckpointFolder()
    {
        Path = Directory.CreateTempSubdirectory("mq-checkpoint-").FullName;
        Config = JsonNode.Parse("""
            {"model_type":"llama","hidden_size":8,"num_attention_heads":2,"num_key_value_heads":1,"num_hidden_layers":1,
             "intermediate_size":12,"vocab_size":10,"max_position_embeddings":32,"rms_norm_eps":1e-5,"hidden_act":"silu",
             "tie_word_embeddings":false,"bos_token_id":1,"eos_token_id":[2,3],"rope_theta":10000.0}
            """)!.AsObject();
        int value = 0;
        void Add(string name, params int[] shape) =>
            Tensors[name] = (shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => (++value % 17 / 8f) - 1)]);
        Add("model.embed_tokens.weight", 10, 8);
        Add("model.layers.0.input_layernorm.weight", 8);
        Add("model.layers.0.self_attn.q_proj.weight", 8, 8);
        Add("model.layers.0.self_attn.k_proj.weight", 4, 8);
        Add("model.layers.0.self_attn.v_proj.weight", 4, 8);
        Add("model.layers.0.self_attn.o_proj.weight", 8, 8);
        Add("model.layers.0.post_attention_layernorm.weight", 8);
        Add("model.layers.0.mlp.gate_proj.weight", 12, 8);
        Add("model.layers.0.mlp.up_proj.weight", 12, 8);
        Add("model.layers.0.mlp.down_proj.weight", 8, 12);
        Add("model.norm.weight", 8);
        Add("lm_head.weight", 10, 8);
    }

    public string Path { get; }

    public JsonObject Config { get; }

    public SortedDictionary<string, (int[] Shape, float[] Values)> Tensors { get; } = new(StringComparer.Ordinal);

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public CheckpointFolder Write()
    {
        WriteConfig();
        WriteShard("model.safetensors", Tensors.Keys);
        return this;
    }

    public void WriteConfig() => File.WriteAllText(System.IO.Path.Combine(Path, "config.json"), Config.ToJsonString());

    public void WriteShard(string file, IEnumerable<string> names, string type = "F32")
    {
        JsonObject header = [];
        using MemoryStream data = new();
        foreach (string name in names)
        {
            (int[] shape, float[] values) = Tensors[name];
            long begin = data.Length;
            data.Write(Encode(values, type));
            header[name] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. shape.Select(d => (JsonNode)d)]),
                ["data_offsets"] = new JsonArray(begin, data.Length),
            };
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        File.WriteAllBytes(System.IO.Path.Combine(Path, file), [.. length, .. json, .. data.ToArray()]);
    }

    private static byte[] Encode(float[] values, string type) => type switch
    {
        "F32" => MemoryMarshal.AsBytes<float>(values).ToArray(),
        "F16" => MemoryMarshal.AsBytes<Half>(values.Select(v => (Half)v).ToArray()).ToArray(),
        "BF16" => MemoryMarshal.AsBytes<ushort>(values.Select(v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16)).ToArray()).ToArray(),
        _ => new byte[values.Length * 4],
    };
}
