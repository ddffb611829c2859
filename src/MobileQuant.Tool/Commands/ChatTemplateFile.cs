namespace MobileQuant.Tool.Commands;

/// <summary>The file of <c>--chat-template</c>.</summary>
/// <param name="Source">Its text.</param>
internal sealed record ChatTemplateFile(string Source)
{
    // Far above what the runtime reads: only to not load a model by mistake.
    private const long LargestFile = 1 << 24;

    /// <summary>Reads it.</summary>
    /// <param name="path">The file, or null.</param>
    /// <returns>The file, or null where none is given.</returns>
    /// <exception cref="MobileQuantException">MQ1014: it cannot be read.</exception>
    public static ChatTemplateFile? Read(string? path)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            return new FileInfo(path).Length <= LargestFile
                ? new(File.ReadAllText(path))
                : throw new MobileQuantException("MQ1014", $"The chat template {path} is larger than {LargestFile} bytes.", "Name a file that holds a Jinja template.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MobileQuantException("MQ1014", $"The chat template {path} cannot be read: {e.Message}", "Correct the path.", e);
        }
    }

    /// <summary>Parses it with the model's names of special tokens.</summary>
    /// <exception cref="MobileQuantException">MQ2120, MQ2122.</exception>
    public ChatTemplate Parse(QuantizedModel model) => ChatTemplate.Parse(Source, Name(model, model.Tokenizer?.BeginOfTextId), Name(model, model.Tokenizer?.EndOfTextId));

    private static string? Name(QuantizedModel model, int? id) => id is { } token ? model.Tokenizer!.Decode([token], skipSpecialTokens: false) : null;
}
