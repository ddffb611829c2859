using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MobileQuant.Artifacts;

namespace MobileQuant.Tests.Lowering;

/// <summary>Artifacts with changed contents whose digests are made right again, so that only the reader's own checks can find them.</summary>
internal static class PatchedArtifact
{
    private static readonly JsonSerializerOptions s_relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A copy with another program in its manifest.</summary>
    public static string WithProgram(string path, string folder, Action<JsonNode> change) =>
        Write(File.ReadAllBytes(path), folder, (_, manifest) => change(manifest["program"]!));

    /// <summary>A copy with another element in a tensor of s32.</summary>
    public static string WithElement(string path, string folder, string tensor, int index, int value)
    {
        byte[] bytes = File.ReadAllBytes(path);
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            BitConverter.TryWriteBytes(bytes.AsSpan((int)file.GetTensor(tensor).Offset + (4 * index)), value);
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (TensorEntry entry in file.Tensors.Values.Where(t => !ArtifactNames.IsWeight(t.Name)).OrderBy(t => t.Offset))
            {
                hash.AppendData(bytes.AsSpan((int)entry.Offset, (int)entry.Length));
            }

            string digest = Convert.ToHexStringLower(hash.GetHashAndReset());
            return Write(bytes, folder, (_, manifest) => manifest["digests"]![ArtifactManifest.SmallTensors] = digest);
        }
    }

    /// <summary>A copy in which a tensor has another name.</summary>
    public static string WithoutTensor(string path, string folder, string tensor) => Write(File.ReadAllBytes(path), folder, (header, _) =>
    {
        JsonNode entry = header[tensor]!.DeepClone();
        header.Remove(tensor);
        header["x"] = entry;
    });

    private static string Write(byte[] bytes, string folder, Action<JsonObject, JsonNode> change)
    {
        int length = (int)BitConverter.ToInt64(bytes);
        JsonObject header = JsonNode.Parse(bytes.AsSpan(8, length))!.AsObject();
        JsonNode manifest = JsonNode.Parse((string)header["__metadata__"]![ArtifactNames.Manifest]!)!;
        change(header, manifest);
        string json = manifest.ToJsonString();
        header["__metadata__"]![ArtifactNames.Manifest] = json;
        header["__metadata__"]![ArtifactNames.ManifestDigest] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)));
        byte[] changed = JsonSerializer.SerializeToUtf8Bytes(header, s_relaxed);
        Assert.True(changed.Length <= length);
        bytes.AsSpan(8, length).Fill((byte)' ');
        changed.CopyTo(bytes, 8);
        string copy = Path.Combine(folder, Path.GetRandomFileName());
        File.WriteAllBytes(copy, bytes);
        return copy;
    }
}
