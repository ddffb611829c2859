using System.Text.Json;
using MobileQuant.Text;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>Tokenizers of the kind <c>gpt2</c>: byte-level BPE, cut into pieces by a splitter that the file only names.</summary>
internal static class ByteLevelTokenizer
{
    private const string KnownSplitters = "gpt-2, llama-bpe, qwen2, smollm";

    public static GgufTokenizerModel Read(GgufMetadata metadata, GgufVocabulary vocabulary)
    {
        string splitter = metadata.TryGetString(GgufTokenizerKeys.Splitter, out string named)
            ? named
            : throw GgufTokenizer.Unknown(metadata, $"the splitter of the tokenizer ('{GgufTokenizerKeys.Splitter}' is missing)", KnownSplitters);
        Action<Utf8JsonWriter> steps = splitter switch
        {
            "gpt-2" => Steps(null),
            "smollm" => Steps(WriteDigits),
            "llama-bpe" => Steps(writer => WriteSplit(writer, KnownPatterns.Llama3)),
            "qwen2" => Steps(writer => WriteSplit(writer, KnownPatterns.Qwen2)),
            _ => throw GgufTokenizer.Unknown(metadata, $"the splitter '{GgufCursor.Show(splitter)}' of the tokenizer", KnownSplitters),
        };
        bool isLlama = splitter == "llama-bpe";
        return new()
        {
            Merges = ReadMerges(metadata, vocabulary),
            IgnoreMerges = isLlama,
            AddsBegin = metadata.TryGetBoolean(GgufTokenizerKeys.AddsBegin, out bool begin) ? begin : isLlama,
            AddsEnd = metadata.TryGetBoolean(GgufTokenizerKeys.AddsEnd, out bool end) && end,
            WriteSteps = steps,
        };
    }

    private static List<(string Left, string Right)> ReadMerges(GgufMetadata metadata, GgufVocabulary vocabulary)
    {
        if (!metadata.TryGetStrings(GgufTokenizerKeys.Merges, out string[] lines))
        {
            throw GgufTokenizer.Inconsistent(metadata, GgufTokenizerKeys.Merges, "is missing");
        }

        List<(string Left, string Right)> merges = new(lines.Length);
        foreach (string line in lines)
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space <= 0 || space == line.Length - 1 || line.AsSpan(space + 1).Contains(' '))
            {
                throw GgufTokenizer.Inconsistent(metadata, GgufTokenizerKeys.Merges, $"has '{GgufCursor.Show(line)}', which is not two tokens");
            }

            (string left, string right) = (line[..space], line[(space + 1)..]);
            foreach (string token in (string[])[left, right, left + right])
            {
                if (!vocabulary.Contains(token))
                {
                    throw GgufTokenizer.Inconsistent(metadata, GgufTokenizerKeys.Merges, $"needs the token '{GgufCursor.Show(token)}', which is not in the vocabulary");
                }
            }

            merges.Add((left, right));
        }

        return merges;
    }

    /// <summary>The splitter, if it is not the one built into the byte-level step, then bytes.</summary>
    private static Action<Utf8JsonWriter> Steps(Action<Utf8JsonWriter>? splitter) => writer =>
    {
        writer.WriteNull("normalizer");
        writer.WriteStartObject("pre_tokenizer");
        writer.WriteString("type", "Sequence");
        writer.WriteStartArray("pretokenizers");
        splitter?.Invoke(writer);
        WriteByteLevel(writer, usesPattern: splitter is null || splitter == WriteDigits);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteStartObject("decoder");
        writer.WriteString("type", "ByteLevel");
        writer.WriteEndObject();
    };

    private static void WriteDigits(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "Digits");
        writer.WriteBoolean("individual_digits", true);
        writer.WriteEndObject();
    }

    private static void WriteSplit(Utf8JsonWriter writer, string pattern)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "Split");
        writer.WriteStartObject("pattern");
        writer.WriteString("Regex", pattern);
        writer.WriteEndObject();
        writer.WriteString("behavior", "Isolated");
        writer.WriteBoolean("invert", false);
        writer.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter writer, bool usesPattern)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "ByteLevel");
        writer.WriteBoolean("add_prefix_space", false);
        writer.WriteBoolean("trim_offsets", true);
        writer.WriteBoolean("use_regex", usesPattern);
        writer.WriteEndObject();
    }
}
