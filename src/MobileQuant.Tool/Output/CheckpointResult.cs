using System.Text.Json.Nodes;

namespace MobileQuant.Tool.Output;

/// <summary>What <c>inspect --json</c> prints of a checkpoint. Of the last two members one is null.</summary>
/// <param name="Path">The file or folder.</param>
/// <param name="Container"><c>gguf</c> or <c>huggingface</c>.</param>
/// <param name="FormatVersion">Version of the container, or null when it has none.</param>
/// <param name="Bytes">Bytes of all files that decide about the result.</param>
/// <param name="Metadata">Key-value pairs of a GGUF file, in its order.</param>
/// <param name="Tensors">All tensors.</param>
/// <param name="Types">Number of tensors by type.</param>
/// <param name="Architecture">The decoder that the checkpoint is for.</param>
/// <param name="Problem">Why it cannot be used.</param>
internal sealed record CheckpointResult(
    string Path,
    string Container,
    uint? FormatVersion,
    long Bytes,
    IReadOnlyList<CheckpointValue> Metadata,
    IReadOnlyList<CheckpointTensor> Tensors,
    IReadOnlyDictionary<string, int> Types,
    CheckpointArchitecture? Architecture,
    ErrorBody? Problem);

/// <summary>A value of the metadata.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Type">Its type; of an array, that of the elements.</param>
/// <param name="Count">Elements of an array, or null.</param>
/// <param name="Value">The value; of a long array, the first elements.</param>
internal sealed record CheckpointValue(string Key, string Type, long? Count, JsonNode? Value);

/// <summary>A tensor of a checkpoint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type, as the container calls it.</param>
/// <param name="Shape">Dimensions, outermost first.</param>
/// <param name="Bytes">Bytes in the file.</param>
internal sealed record CheckpointTensor(string Name, string Type, IReadOnlyList<long> Shape, long Bytes);
