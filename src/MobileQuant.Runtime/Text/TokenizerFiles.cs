namespace MobileQuant.Text;

/// <summary>
/// The files of a tokenizer in Hugging Face form, in memory: what a checkpoint gives, an artifact stores and the runtime reads,
/// whatever container they came from.
/// </summary>
/// <param name="Tokenizer">The bytes of <c>tokenizer.json</c>.</param>
/// <param name="Config">The bytes of <c>tokenizer_config.json</c>, or null where there is none.</param>
/// <param name="ChatTemplate">The bytes of <c>chat_template.jinja</c>, or null where there is none; it wins over the template in <paramref name="Config"/>.</param>
public sealed record TokenizerFiles(ReadOnlyMemory<byte> Tokenizer, ReadOnlyMemory<byte>? Config = null, ReadOnlyMemory<byte>? ChatTemplate = null)
{
    /// <summary>The name of the file that holds the tokenizer.</summary>
    public const string TokenizerName = "tokenizer.json";

    /// <summary>The name of the file that names its special tokens.</summary>
    public const string ConfigName = "tokenizer_config.json";

    /// <summary>The name of the file that holds the chat template.</summary>
    public const string ChatTemplateName = "chat_template.jinja";

    /// <summary>The files that there are, by name, in a fixed order.</summary>
    public IEnumerable<(string Name, ReadOnlyMemory<byte> Bytes)> Named
    {
        get
        {
            yield return (TokenizerName, Tokenizer);
            if (Config is { } config)
            {
                yield return (ConfigName, config);
            }

            if (ChatTemplate is { } template)
            {
                yield return (ChatTemplateName, template);
            }
        }
    }

    /// <summary>Reads the files of a checkpoint folder.</summary>
    /// <param name="folder">A folder with <c>tokenizer.json</c> and, optionally, the others.</param>
    /// <returns>The files, not yet parsed.</returns>
    /// <exception cref="MobileQuantException">MQ2100: there is no tokenizer.json, or a file cannot be read.</exception>
    public static TokenizerFiles ReadFolder(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return Read(name => TryReadFile(Path.Combine(folder, name)))
            ?? throw TokenizerErrors.Missing(Path.Combine(folder, TokenizerName));
    }

    /// <summary>Collects the files from a source that knows them by name.</summary>
    /// <param name="find">Gives a file's bytes, or null.</param>
    /// <returns>The files, or null where there is no tokenizer.json.</returns>
    internal static TokenizerFiles? Read(Func<string, byte[]?> find)
    {
        // Without the casts, null would become an empty array, and an empty array a file of no bytes.
        return find(TokenizerName) is { } tokenizer
            ? new(tokenizer, Optional(find(ConfigName)), Optional(find(ChatTemplateName)))
            : null;

        static ReadOnlyMemory<byte>? Optional(byte[]? bytes) => bytes is null ? null : (ReadOnlyMemory<byte>?)bytes;
    }

    private static byte[]? TryReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw TokenizerErrors.Missing(path, e);
        }
    }
}
