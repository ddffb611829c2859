using System.Runtime.InteropServices;
using MobileQuant.Artifacts;
using MobileQuant.Modeling;
using MobileQuant.Text;

namespace MobileQuant.Checkpoints;

/// <summary>A Hugging Face folder: config.json, and model.safetensors or shards with model.safetensors.index.json.</summary>
public sealed class HuggingFaceCheckpoint : ICheckpoint
{
    private const string Single = "model.safetensors";
    private const string Index = "model.safetensors.index.json";

    private static readonly string[] TextFiles =
        ["tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja", "generation_config.json"];

    private readonly Dictionary<string, SafetensorsFile> _shards;
    private readonly Dictionary<string, (SafetensorsFile File, TensorEntry Entry)> _tensors;

    private HuggingFaceCheckpoint(
        string path,
        DecoderArchitecture architecture,
        Dictionary<string, SafetensorsFile> shards,
        Dictionary<string, (SafetensorsFile File, TensorEntry Entry)> tensors)
    {
        Path = path;
        Architecture = architecture;
        _shards = shards;
        _tensors = tensors;
        IEnumerable<string> names = ["config.json", Index, .. shards.Keys.Order(StringComparer.Ordinal), .. TextFiles];
        Files = [.. names.Select(name => System.IO.Path.Combine(path, name)).Where(File.Exists)];
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public string Name => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Path));

    /// <inheritdoc/>
    public DecoderArchitecture Architecture { get; }

    /// <inheritdoc/>
    public TensorNames Names => TensorNames.HuggingFaceLlama;

    /// <inheritdoc/>
    public IReadOnlyList<string> Files { get; }

    /// <summary>All tensors of all shards, in ordinal order of their names.</summary>
    public IReadOnlyList<TensorEntry> Tensors => [.. _tensors.Values.Select(tensor => tensor.Entry).OrderBy(entry => entry.Name, StringComparer.Ordinal)];

    /// <summary>Opens a folder.</summary>
    /// <param name="path">An existing folder.</param>
    /// <returns>The checkpoint.</returns>
    /// <exception cref="MobileQuantException">MQ2001 to MQ2004, MQ2010 to MQ2014.</exception>
    public static HuggingFaceCheckpoint Open(string path)
    {
        string config = System.IO.Path.Combine(path, "config.json");
        if (!File.Exists(config))
        {
            string found = Directory.EnumerateFileSystemEntries(path).Any() ? "there is no config.json in it" : "the folder is empty";
            throw new MobileQuantException("MQ2001", $"{path}: {found}.", "Give the folder of a checkpoint: config.json, model.safetensors and tokenizer.json.");
        }

        DecoderArchitecture architecture = HuggingFaceConfig.Read(config);
        Dictionary<string, SafetensorsFile> shards = new(StringComparer.Ordinal);
        try
        {
            return new(path, architecture, shards, OpenShards(path, shards));
        }
        catch
        {
            DisposeAll(shards);
            throw;
        }
    }

    /// <inheritdoc/>
    public TokenizerFiles? ReadTokenizer() =>
        TextFiles.Any(name => name.StartsWith("tokenizer.", StringComparison.Ordinal) && File.Exists(System.IO.Path.Combine(Path, name)))
            ? TokenizerFiles.ReadFolder(Path)
            : null;

    /// <inheritdoc/>
    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <inheritdoc/>
    public IReadOnlyList<long> ShapeOf(string name) => Find(name).Entry.Shape;

    /// <inheritdoc/>
    public void Read(string name, long start, Span<float> destination)
    {
        (SafetensorsFile file, TensorEntry entry) = Find(name);
        switch (entry.DType)
        {
            case "F32":
                MemoryMarshal.Cast<byte, float>(file.GetBytes(entry, start * 4, checked(destination.Length * 4))).CopyTo(destination);
                break;
            case "F16":
                FloatFormats.FromHalf(MemoryMarshal.Cast<byte, Half>(file.GetBytes(entry, start * 2, checked(destination.Length * 2))), destination);
                break;
            case "BF16":
                FloatFormats.FromBrain(MemoryMarshal.Cast<byte, ushort>(file.GetBytes(entry, start * 2, checked(destination.Length * 2))), destination);
                break;
            default:
                throw new MobileQuantException(
                    "MQ2007", $"{file.Path}: tensor '{name}' has the type {entry.DType}; weights must be F32, F16 or BF16.", "Use the checkpoint before it was quantized.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => DisposeAll(_shards);

    private static Dictionary<string, (SafetensorsFile File, TensorEntry Entry)> OpenShards(string path, Dictionary<string, SafetensorsFile> shards)
    {
        if (File.Exists(System.IO.Path.Combine(path, Index)))
        {
            return OpenIndex(path, shards);
        }

        if (!File.Exists(System.IO.Path.Combine(path, Single)))
        {
            string hint = Directory.EnumerateFiles(path, "*.bin").Any()
                ? "Files in pickle form (.bin) are never read, because they can run code: convert them to safetensors."
                : "Fetch the checkpoint again, with all of its files.";
            throw new MobileQuantException("MQ2001", $"{path}: there is neither {Single} nor {Index}.", hint);
        }

        SafetensorsFile file = SafetensorsFile.Open(System.IO.Path.Combine(path, Single));
        shards.Add(Single, file);
        return file.Tensors.Values.ToDictionary(t => t.Name, t => (file, t), StringComparer.Ordinal);
    }

    private static Dictionary<string, (SafetensorsFile File, TensorEntry Entry)> OpenIndex(string path, Dictionary<string, SafetensorsFile> shards)
    {
        ConfigReader index = ConfigReader.Open(System.IO.Path.Combine(path, Index));
        ConfigReader map = index.Object("weight_map") ?? throw index.Error("MQ2014", "'weight_map' is missing.");
        Dictionary<string, (SafetensorsFile File, TensorEntry Entry)> tensors = new(StringComparer.Ordinal);
        foreach ((string name, string shard) in map.Texts())
        {
            if (!shards.TryGetValue(shard, out SafetensorsFile? file))
            {
                // A plain file name: no separators, no way out of the folder.
                if (shard.Length == 0 || shard is "." or ".." || shard.AsSpan().IndexOfAny("/\\:\0") >= 0)
                {
                    throw index.Error("MQ2014", $"the shard '{shard}' is not a plain file name in the checkpoint's folder.");
                }

                file = SafetensorsFile.Open(System.IO.Path.Combine(path, shard));
                shards.Add(shard, file);
            }

            if (!file.Tensors.TryGetValue(name, out TensorEntry? entry))
            {
                throw index.Error("MQ2014", $"the index places tensor '{name}' in {shard}, which does not have it.", "Fetch the checkpoint again, with all of its shards.");
            }

            if (!tensors.TryAdd(name, (file, entry)))
            {
                throw index.Error("MQ2014", $"tensor '{name}' appears twice.");
            }
        }

        return tensors;
    }

    private static void DisposeAll(Dictionary<string, SafetensorsFile> shards)
    {
        foreach (SafetensorsFile file in shards.Values)
        {
            file.Dispose();
        }
    }

    private (SafetensorsFile File, TensorEntry Entry) Find(string name) =>
        _tensors.TryGetValue(name, out (SafetensorsFile File, TensorEntry Entry) found)
            ? found
            : throw new MobileQuantException("MQ2005", $"{Path}: tensor '{name}' is missing.", "Check that config.json belongs to these weights, and that all shards are there.");
}
