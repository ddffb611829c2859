using System.Buffers.Binary;
using System.Text.Json.Nodes;
using MobileQuant.Tests;
using MobileQuant.Tests.Caching;

namespace MobileQuant.Tool.Tests;

/// <summary>The embedded default model with one thing wrong.</summary>
internal static class BrokenCheckpoint
{
    private const string Weights = "model.safetensors";

    /// <summary>Makes one in <paramref name="folder"/>.</summary>
    /// <returns>Its path.</returns>
    public static string Create(TemporaryFolder folder, string defect)
    {
        string path = folder["broken"];
        Directory.CreateDirectory(path);
        if (defect is "empty folder")
        {
            return path;
        }

        foreach (string file in Directory.GetFiles(SharedData.DefaultModel))
        {
            File.Copy(file, Path.Combine(path, Path.GetFileName(file)));
        }

        Break(path, Path.Combine(path, Weights), defect);
        return path;
    }

    private static void Break(string folder, string weights, string defect)
    {
        switch (defect)
        {
            case "unknown architecture":
                EditJson(Path.Combine(folder, "config.json"), config => config["model_type"] = "mystery");
                break;
            case "unknown activation":
                EditJson(Path.Combine(folder, "config.json"), config => config["hidden_act"] = "sine");
                break;
            case "configuration is no JSON":
                File.WriteAllText(Path.Combine(folder, "config.json"), "{");
                break;
            case "tokenizer larger than the vocabulary":
                EditJson(Path.Combine(folder, "config.json"), config => config["vocab_size"] = 2000);
                EditHeader(weights, header => Truncate(header["model.embed_tokens.weight"]!.AsObject(), 2000));
                break;
            case "no weights":
                File.Delete(weights);
                break;
            case "missing tensor":
                EditHeader(weights, header => header.Remove("model.norm.weight"));
                break;
            case "wrong shape":
                EditHeader(weights, header => header["model.layers.0.mlp.gate_proj.weight"]!["shape"] = new JsonArray(160, 448));
                break;
            case "unknown type":
                EditHeader(weights, header => header["model.norm.weight"]!["dtype"] = "I16");
                break;
            case "overlap":
                EditHeader(weights, header => header["model.norm.weight"]!["data_offsets"] = new JsonArray(0, 320));
                break;
            case "offsets out of the file":
                EditHeader(weights, header => header["model.norm.weight"]!["data_offsets"] = new JsonArray(1_000_000_000_000, 1_000_000_000_320));
                break;
            case "truncated":
                using (FileStream stream = File.OpenWrite(weights))
                {
                    stream.SetLength(stream.Length - 1000);
                }

                break;
            case "huge header":
                Overwrite(weights, 0, [0, 0, 0, 0, 0, 0, 0, 0x10]);
                break;
            case "NaN":
                // bfloat16, little endian; the last tensor ends with the file.
                Overwrite(weights, new FileInfo(weights).Length - 2, [0xC0, 0x7F]);
                break;
            case "infinity":
                Overwrite(weights, new FileInfo(weights).Length - 2, [0x80, 0x7F]);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(defect), defect, "no such defect");
        }
    }

    private static void Truncate(JsonObject tensor, int rows)
    {
        long start = tensor["data_offsets"]![0]!.GetValue<long>();
        tensor["shape"] = new JsonArray(rows, 160);
        tensor["data_offsets"] = new JsonArray(start, start + (rows * 160 * 2));
    }

    private static void EditJson(string path, Action<JsonObject> edit)
    {
        JsonObject json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        edit(json);
        File.WriteAllText(path, json.ToJsonString());
    }

    private static void EditHeader(string path, Action<JsonObject> edit)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        JsonObject header = JsonNode.Parse(bytes.AsSpan(8, length))!.AsObject();
        edit(header);
        byte[] edited = System.Text.Encoding.UTF8.GetBytes(header.ToJsonString());
        using FileStream stream = File.Create(path);
        byte[] prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, edited.Length);
        stream.Write(prefix);
        stream.Write(edited);
        stream.Write(bytes.AsSpan(8 + length));
    }

    private static void Overwrite(string path, long offset, byte[] bytes)
    {
        using FileStream stream = File.OpenWrite(path);
        stream.Position = offset;
        stream.Write(bytes);
    }
}
