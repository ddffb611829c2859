using System.Text.Json;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>
/// Tokenizers of the kind <c>llama</c>: SentencePiece BPE. It has no merges but scores: of all neighbours that together are a
/// token, those with the highest score are merged first. The same choice as a list of pairs, by falling score of what they make.
/// </summary>
internal static class SentencePieceTokenizer
{
    private const char Space = '\u2581';

    public static GgufTokenizerModel Read(GgufMetadata metadata, GgufVocabulary vocabulary)
    {
        if (!metadata.TryGetFloats(GgufTokenizerKeys.Scores, out float[] scores))
        {
            throw GgufTokenizer.Inconsistent(metadata, GgufTokenizerKeys.Scores, "is missing");
        }

        if (scores.Length != vocabulary.Tokens.Length)
        {
            throw GgufTokenizer.Inconsistent(metadata, GgufTokenizerKeys.Scores, $"has {scores.Length} elements for {vocabulary.Tokens.Length} tokens");
        }

        int bad = Array.FindIndex(scores, score => !float.IsFinite(score));
        if (bad >= 0)
        {
            throw GgufTokenizer.Inconsistent(metadata, GgufTokenizerKeys.Scores, $"gives token {bad} the score {scores[bad]}");
        }

        bool addsSpace = !metadata.TryGetBoolean(GgufTokenizerKeys.AddsSpace, out bool space) || space;
        return new()
        {
            Merges = ToMerges(vocabulary, scores),
            ByteFallback = true,
            AddsBegin = !metadata.TryGetBoolean(GgufTokenizerKeys.AddsBegin, out bool begin) || begin,
            AddsEnd = metadata.TryGetBoolean(GgufTokenizerKeys.AddsEnd, out bool end) && end,
            WriteSteps = writer => WriteSteps(writer, addsSpace),
        };
    }

    private static List<(string Left, string Right)> ToMerges(GgufVocabulary vocabulary, float[] scores)
    {
        List<(string Left, string Right, float Score, int LeftId, int RightId)> pairs = [];
        for (int id = 0; id < scores.Length; id++)
        {
            string token = vocabulary.Tokens[id];
            if (vocabulary.Types[id] != GgufTokenType.Normal)
            {
                continue;
            }

            for (int cut = 1; cut < token.Length; cut++)
            {
                ReadOnlySpan<char> left = token.AsSpan(0, cut);
                ReadOnlySpan<char> right = token.AsSpan(cut);
                if (!char.IsLowSurrogate(token[cut]) && IsPiece(vocabulary, left) && IsPiece(vocabulary, right))
                {
                    pairs.Add((left.ToString(), right.ToString(), scores[id], vocabulary.IdOf(left), vocabulary.IdOf(right)));
                }
            }
        }

        return [.. pairs.OrderByDescending(p => p.Score).ThenBy(p => p.LeftId).ThenBy(p => p.RightId).Select(p => (p.Left, p.Right))];
    }

    // A control token or a byte's name never comes from merging, and nothing is merged with it.
    private static bool IsPiece(GgufVocabulary vocabulary, ReadOnlySpan<char> text) =>
        vocabulary.Contains(text) && vocabulary.Types[vocabulary.IdOf(text)] == GgufTokenType.Normal;

    private static void WriteSteps(Utf8JsonWriter writer, bool addsSpace)
    {
        writer.WriteStartObject("normalizer");
        writer.WriteString("type", "Sequence");
        writer.WriteStartArray("normalizers");
        if (addsSpace)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "Prepend");
            writer.WriteString("prepend", Space.ToString());
            writer.WriteEndObject();
        }

        WriteReplace(writer, " ", Space.ToString());
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteNull("pre_tokenizer");
        writer.WriteStartObject("decoder");
        writer.WriteString("type", "Sequence");
        writer.WriteStartArray("decoders");
        WriteReplace(writer, Space.ToString(), " ");
        WriteType(writer, "ByteFallback");
        WriteType(writer, "Fuse");
        if (addsSpace)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "Strip");
            writer.WriteString("content", " ");
            writer.WriteNumber("start", 1);
            writer.WriteNumber("stop", 0);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteReplace(Utf8JsonWriter writer, string from, string to)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "Replace");
        writer.WriteStartObject("pattern");
        writer.WriteString("String", from);
        writer.WriteEndObject();
        writer.WriteString("content", to);
        writer.WriteEndObject();
    }

    private static void WriteType(Utf8JsonWriter writer, string type)
    {
        writer.WriteStartObject();
        writer.WriteString("type", type);
        writer.WriteEndObject();
    }
}
