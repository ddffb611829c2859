using MobileQuant.Text;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>
/// The tokenizer of a GGUF file in Hugging Face form: its metadata name a kind (<c>tokenizer.ggml.model</c>), a vocabulary with
/// types, merges or scores, and the ids of special tokens. What is not known is an error, never a guess.
/// </summary>
internal static class GgufTokenizer
{
    /// <summary>Converts the metadata.</summary>
    /// <param name="metadata">Of an open file.</param>
    /// <returns>The files; null when the metadata have no tokenizer.</returns>
    /// <exception cref="MobileQuantException">MQ2024: a value of a wrong type; MQ2110: an unknown kind or splitter; MQ2111: values that contradict each other.</exception>
    public static TokenizerFiles? Read(GgufMetadata metadata)
    {
        if (!metadata.TryGetString(GgufTokenizerKeys.Model, out string kind) || kind == "none")
        {
            return null;
        }

        GgufVocabulary vocabulary = GgufVocabulary.Read(metadata);
        GgufTokenizerModel model = kind switch
        {
            "gpt2" => ByteLevelTokenizer.Read(metadata, vocabulary),
            "llama" => SentencePieceTokenizer.Read(metadata, vocabulary),
            _ => throw Unknown(metadata, $"the tokenizer kind '{kind}'", "gpt2, llama"),
        };
        byte[]? template = metadata.TryGetString(GgufTokenizerKeys.ChatTemplate, out string text) ? System.Text.Encoding.UTF8.GetBytes(text) : null;
        return new(TokenizerJson.Write(vocabulary, model), TokenizerJson.WriteConfig(vocabulary, model), template is null ? null : (ReadOnlyMemory<byte>?)template);
    }

    /// <summary>MQ2110.</summary>
    internal static MobileQuantException Unknown(GgufMetadata metadata, string what, string known) =>
        new("MQ2110", $"{metadata.Path}: {what} is not known. Known: {known}.", "Use the model's Hugging Face folder, whose tokenizer.json says how it splits text.");

    /// <summary>MQ2111.</summary>
    internal static MobileQuantException Inconsistent(GgufMetadata metadata, string key, string what) =>
        new("MQ2111", $"{metadata.Path}: the metadata '{key}' {what}.", "The file is damaged, or was converted by a broken program; use another file of the model.");
}
