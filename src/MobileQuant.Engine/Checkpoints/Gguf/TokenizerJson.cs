using System.Text.Json;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>Writes tokenizer.json and tokenizer_config.json.</summary>
internal static class TokenizerJson
{
    /// <summary>tokenizer.json.</summary>
    public static byte[] Write(GgufVocabulary vocabulary, GgufTokenizerModel model) => ToUtf8(writer =>
    {
        writer.WriteString("version", "1.0");
        writer.WriteStartArray("added_tokens");
        for (int id = 0; id < vocabulary.Tokens.Length; id++)
        {
            if (vocabulary.Types[id] is GgufTokenType.Control or GgufTokenType.Unknown or GgufTokenType.UserDefined)
            {
                WriteAdded(writer, id, vocabulary.Tokens[id], isSpecial: vocabulary.Types[id] != GgufTokenType.UserDefined);
            }
        }

        writer.WriteEndArray();
        model.WriteSteps(writer);
        writer.WriteNull("post_processor");
        WriteModel(writer, vocabulary, model);
    });

    /// <summary>tokenizer_config.json: the tokens with a role.</summary>
    public static byte[] WriteConfig(GgufVocabulary vocabulary, GgufTokenizerModel model) => ToUtf8(writer =>
    {
        WriteRole(writer, "bos_token", vocabulary, vocabulary.BeginId);
        WriteRole(writer, "eos_token", vocabulary, vocabulary.EndId);
        writer.WriteBoolean("add_bos_token", model.AddsBegin && vocabulary.BeginId is not null);
        writer.WriteBoolean("add_eos_token", model.AddsEnd && vocabulary.EndId is not null);
    });

    private static void WriteModel(Utf8JsonWriter writer, GgufVocabulary vocabulary, GgufTokenizerModel model)
    {
        writer.WriteStartObject("model");
        writer.WriteString("type", "BPE");
        writer.WriteNull("dropout");
        if (vocabulary.UnknownId is { } unknown && model.ByteFallback)
        {
            writer.WriteString("unk_token", vocabulary.Tokens[unknown]);
        }
        else
        {
            writer.WriteNull("unk_token");
        }

        writer.WriteBoolean("fuse_unk", model.ByteFallback);
        writer.WriteBoolean("byte_fallback", model.ByteFallback);
        writer.WriteBoolean("ignore_merges", model.IgnoreMerges);
        writer.WriteStartObject("vocab");
        for (int id = 0; id < vocabulary.Tokens.Length; id++)
        {
            writer.WriteNumber(vocabulary.Tokens[id], id);
        }

        writer.WriteEndObject();
        writer.WriteStartArray("merges");
        foreach ((string left, string right) in model.Merges)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(left);
            writer.WriteStringValue(right);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteRole(Utf8JsonWriter writer, string role, GgufVocabulary vocabulary, int? id)
    {
        if (id is { } token)
        {
            writer.WriteString(role, vocabulary.Tokens[token]);
        }
    }

    private static void WriteAdded(Utf8JsonWriter writer, int id, string content, bool isSpecial)
    {
        writer.WriteStartObject();
        writer.WriteNumber("id", id);
        writer.WriteString("content", content);
        foreach (string option in (string[])["single_word", "lstrip", "rstrip", "normalized"])
        {
            writer.WriteBoolean(option, false);
        }

        writer.WriteBoolean("special", isSpecial);
        writer.WriteEndObject();
    }

    private static byte[] ToUtf8(Action<Utf8JsonWriter> write)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }
}
