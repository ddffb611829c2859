using System.Text.Json;
using MobileQuant.Checkpoints;

namespace MobileQuant.Export;

/// <summary>Writes a checkpoint as a Hugging Face folder with float32 weights in one file.</summary>
internal static class HuggingFaceFolder
{
    private const string Configuration = "config.json";
    private const string Weights = "model.safetensors";

    /// <summary>Writes the folder. Same checkpoint, same bytes.</summary>
    /// <param name="checkpoint">What to write; its configuration and tokenizer are copied from its files.</param>
    /// <param name="folder">Created; on failure the caller deletes it.</param>
    /// <param name="notes">Kept in the metadata of the weights.</param>
    /// <param name="progress">Told tensor by tensor, as step <c>write</c>.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>Bytes of the weights.</returns>
    /// <exception cref="MobileQuantException">MQ1022: the checkpoint has no config.json; MQ2005 to MQ2008: its weights.</exception>
    public static long Write(
        ICheckpoint checkpoint, string folder, IReadOnlyDictionary<string, string> notes, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        string configuration = checkpoint.Files.FirstOrDefault(file => Path.GetFileName(file) == Configuration)
            ?? throw new MobileQuantException("MQ1022", $"{checkpoint.Path} is no Hugging Face folder, so that there is no config.json to copy.", "Use the model's Hugging Face folder.");
        DecoderTensor[] tensors = [.. DecoderTensor.Enumerate(checkpoint)];
        foreach (DecoderTensor tensor in tensors)
        {
            CheckedReading.RequireShape(checkpoint, tensor.Name, tensor.Shape);
        }

        Directory.CreateDirectory(folder);
        WriteConfiguration(configuration, Path.Combine(folder, Configuration));
        foreach (string file in checkpoint.Files.Where(IsText))
        {
            // Contents only: a copy of a read-only file is not read-only.
            File.WriteAllBytes(Path.Combine(folder, Path.GetFileName(file)), File.ReadAllBytes(file));
        }

        Dictionary<string, string> metadata = new(notes, StringComparer.Ordinal) { ["format"] = "pt" };
        return SafetensorsWriter.Write(
            Path.Combine(folder, Weights),
            [.. tensors.Select(tensor => (tensor.Template, tensor.Shape))],
            metadata,
            Fill,
            cancellationToken);

        void Fill(int index, long start, Span<float> values)
        {
            DecoderTensor tensor = tensors[index];
            CheckedReading.Read(checkpoint, tensor.Name, start, values);
            if (start == 0)
            {
                progress?.Report(new QuantizationEvent.Progress("write", "writing " + tensor.Template, index + 1, tensors.Length));
            }
        }
    }

    private static bool IsText(string file) =>
        Path.GetFileName(file) != Configuration
        && !file.EndsWith(".safetensors", StringComparison.Ordinal)
        && !file.EndsWith(".safetensors.index.json", StringComparison.Ordinal);

    // The weights are float32 now, whatever they were; everything else stays as it is.
    private static void WriteConfiguration(string source, string destination)
    {
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(source), new() { CommentHandling = JsonCommentHandling.Skip });
        using FileStream file = File.Create(destination);
        using Utf8JsonWriter writer = new(file, new() { Indented = true });
        writer.WriteStartObject();
        foreach (JsonProperty property in config.RootElement.EnumerateObject())
        {
            if (property.Name is "dtype" or "torch_dtype")
            {
                writer.WriteString(property.Name, "float32");
            }
            else
            {
                property.WriteTo(writer);
            }
        }

        writer.WriteEndObject();
    }
}
