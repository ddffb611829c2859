using System.Globalization;
using System.Text.Json.Nodes;
using MobileQuant.Checkpoints;
using MobileQuant.Checkpoints.Gguf;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary>What <c>inspect</c> tells of a checkpoint: container, metadata, tensors, and the decoder that they are for.</summary>
internal static class CheckpointInspection
{
    // Longer arrays are vocabularies: their length and their beginning tell enough.
    private const int MostElements = 8;
    private const int MostTextBytes = 1 << 16;
    private const int MostShownCharacters = 100;

    /// <summary>Reads a checkpoint's headers.</summary>
    /// <param name="path">A GGUF file, or a folder.</param>
    /// <exception cref="MobileQuantException">MQ20xx: the files themselves are broken. What is only not supported is told in the result.</exception>
    public static CheckpointResult Describe(string path) =>
        CheckpointReader.FindGguf(path) is { } file ? DescribeGguf(file) : DescribeFolder(path);

    /// <summary>Prints it for people.</summary>
    /// <param name="o">Where to.</param>
    /// <param name="result">What.</param>
    /// <param name="tensors">Whether to list the tensors.</param>
    public static void Print(TextWriter o, CheckpointResult result, bool tensors)
    {
        o.WriteLine($"{result.Path}");
        o.WriteLine($"  size         {Units.Bytes(result.Bytes)}, {(result.FormatVersion is { } version ? $"GGUF version {version}" : "Hugging Face folder")}");
        if (result.Architecture is { } a)
        {
            o.WriteLine(FormattableString.Invariant($"  model        {a.Family}, {a.Parameters:N0} parameters"));
            o.WriteLine($"  shape        {a.Layers} layers, {a.Hidden} wide, {a.Heads} heads of {a.HeadSize} ({a.KeyValueHeads} key-value), MLP {a.FeedForward}, vocabulary {a.Vocabulary}, context {a.Context}{(a.TiedEmbeddings ? ", tied head" : "")}");
            o.WriteLine(FormattableString.Invariant($"  decoder      norm {a.Norm} (epsilon {a.NormEpsilon}), {a.Activation}, rotary base {a.RotaryBase} on {a.RotatedChannels} channels, scaling {a.RotaryScaling}, {(a.Biased.Count == 0 ? "no biases" : "biases on " + string.Join(", ", a.Biased))}"));
            o.WriteLine($"  tokens       begin {a.BeginToken?.ToString(CultureInfo.InvariantCulture) ?? "none"}, end {(a.EndTokens.Count == 0 ? "none" : string.Join(", ", a.EndTokens))}");
        }
        else if (result.Problem is { } problem)
        {
            o.WriteLine($"  not usable   {problem.Code}: {Printable(problem.Message, int.MaxValue)}");
        }

        foreach (CheckpointValue value in result.Metadata)
        {
            string count = value.Count is { } n ? FormattableString.Invariant($"{n} x ") : "";
            o.WriteLine($"    {Printable(value.Key, MostShownCharacters),-44} {count + value.Type,-16} {Printable(Text(value.Value), MostShownCharacters)}");
        }

        o.WriteLine($"  tensors      {result.Tensors.Count}: {string.Join(", ", result.Types.OrderByDescending(type => type.Value).Select(type => $"{type.Value} {type.Key}"))}{(tensors ? "" : " (list them with --tensors)")}");
        foreach (CheckpointTensor tensor in tensors ? result.Tensors : [])
        {
            o.WriteLine($"    {Printable(tensor.Name, MostShownCharacters),-44} {tensor.Type,-8} [{string.Join(", ", tensor.Shape)}]");
        }
    }

    private static CheckpointResult DescribeGguf(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        CheckpointArchitecture? architecture = null;
        ErrorBody? problem = null;
        try
        {
            using GgufCheckpoint checkpoint = GgufCheckpoint.Open(path);
            architecture = CheckpointArchitecture.Of(checkpoint.Architecture);
        }
        catch (MobileQuantException e)
        {
            problem = new(e.Code, e.Message, e.Remedy);
        }

        return Result(
            file.Path,
            "gguf",
            file.Version,
            file.Length,
            [.. file.Metadata.Keys.Select(key => Value(file.Metadata, key))],
            [.. file.Tensors.Select(tensor => new CheckpointTensor(tensor.Name, tensor.Type.ToString(), tensor.Shape, tensor.Length))],
            architecture,
            problem);
    }

    private static CheckpointResult DescribeFolder(string path)
    {
        using HuggingFaceCheckpoint checkpoint = HuggingFaceCheckpoint.Open(path);
        return Result(
            checkpoint.Path,
            "huggingface",
            null,
            checkpoint.Files.Sum(file => new FileInfo(file).Length),
            [],
            [.. checkpoint.Tensors.Select(tensor => new CheckpointTensor(tensor.Name, tensor.DType, tensor.Shape, tensor.Length))],
            CheckpointArchitecture.Of(checkpoint.Architecture),
            null);
    }

    private static CheckpointResult Result(
        string path, string container, uint? version, long bytes, CheckpointValue[] metadata, CheckpointTensor[] tensors, CheckpointArchitecture? architecture, ErrorBody? problem) =>
        new(
            path,
            container,
            version,
            bytes,
            metadata,
            tensors,
            new SortedDictionary<string, int>(tensors.GroupBy(tensor => tensor.Type).ToDictionary(group => group.Key, group => group.Count()), StringComparer.Ordinal),
            architecture,
            problem);

    private static CheckpointValue Value(GgufMetadata metadata, string key)
    {
        long? count = metadata.ArrayLength(key);
        JsonNode[] values = [.. metadata.Preview(key, MostElements, MostTextBytes).Select(Node)];
        return new(key, metadata.TypeOf(key).ToString()!, count, count is null ? values[0] : new JsonArray(values));
    }

    private static JsonNode Node(object value) => value switch
    {
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        float number when float.IsFinite(number) => JsonValue.Create(number),
        float number => JsonValue.Create(number.ToString(CultureInfo.InvariantCulture)),
        double number when !double.IsFinite(number) => JsonValue.Create(number.ToString(CultureInfo.InvariantCulture)),
        double number => JsonValue.Create(number),
        ulong number => JsonValue.Create(number),
        _ => JsonValue.Create((long)value),
    };

    private static string Text(JsonNode? value) => value is JsonArray array ? string.Join(", ", array.Select(Text)) : value?.ToString() ?? "";

    // What comes from a file must not move the cursor or colour the terminal.
    private static string Printable(string text, int most)
    {
        string cut = text.Length > most ? text[..most] + "..." : text;
        return string.Concat(cut.Select(c => c is '\n' or '\r' or '\t' ? ' ' : char.IsControl(c) ? '?' : c));
    }
}
