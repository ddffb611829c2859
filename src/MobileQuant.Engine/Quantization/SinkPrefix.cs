using System.Globalization;
using MobileQuant.Modeling;
using MobileQuant.Text;

namespace MobileQuant.Quantization;

/// <summary>Tokens that every session starts behind, so that massive activations fall on them and not on the text: what <c>Prefix</c> says.</summary>
public sealed record SinkPrefix
{
    /// <summary>Most tokens of a prefix.</summary>
    public const int MostTokens = 4;

    private SinkPrefix(string text) => Text = text;

    /// <summary>No prefix.</summary>
    public static SinkPrefix None { get; } = new("none");

    /// <summary>Searched: the tokens that pay most on calibration windows, or none.</summary>
    public static SinkPrefix Auto { get; } = new("auto");

    /// <summary><c>none</c>, <c>auto</c>, ids separated by commas, or text.</summary>
    public string Text { get; }

    /// <summary>Reads a choice.</summary>
    /// <param name="text"><c>none</c>, <c>auto</c>, token ids separated by commas, or text whose tokens are meant, special tokens included.</param>
    /// <returns>The choice.</returns>
    /// <exception cref="MobileQuantException">MQ1017: more than four ids.</exception>
    public static SinkPrefix Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string trimmed = text.Trim();
        if (trimmed.Length == 0 || string.Equals(trimmed, None.Text, StringComparison.OrdinalIgnoreCase))
        {
            return None;
        }

        if (string.Equals(trimmed, Auto.Text, StringComparison.OrdinalIgnoreCase))
        {
            return Auto;
        }

        SinkPrefix prefix = new(Ids(trimmed) is { } ids ? string.Join(',', ids) : trimmed);
        return Ids(trimmed) is { } few && few.Length > MostTokens ? throw TooLong(trimmed, few.Length) : prefix;
    }

    /// <summary>The tokens of an explicit choice.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <param name="tokenizer">Encodes text; null when there is none.</param>
    /// <returns>Ids; empty for none, and for a prefix that is to be searched.</returns>
    /// <exception cref="MobileQuantException">MQ1017: no tokens, more than four, or an id that the model does not have.</exception>
    public IReadOnlyList<int> Resolve(DecoderArchitecture architecture, TextTokenizer? tokenizer)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        if (this == None || this == Auto)
        {
            return [];
        }

        int[] ids = Ids(Text) ?? tokenizer?.Encode(Text, addSpecialTokens: false)
            ?? throw new MobileQuantException("MQ1017", $"The prefix '{Text}' is text, but the checkpoint has no tokenizer to encode it.", "Give token ids, such as 1 or 1,2.");
        if (ids.Length is 0 or > MostTokens)
        {
            throw TooLong(Text, ids.Length);
        }

        int bad = Array.FindIndex(ids, id => id >= architecture.VocabularySize);
        return bad < 0
            ? ids
            : throw new MobileQuantException("MQ1017", $"The prefix has token {ids[bad]}, but the vocabulary has {architecture.VocabularySize}.", "Use ids of this model's own tokenizer.");
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static MobileQuantException TooLong(string text, int tokens) =>
        new("MQ1017", $"The prefix '{text}' has {tokens} tokens; expected 1 to {MostTokens}.", "Use auto, none, up to four token ids separated by commas, or text of up to four tokens.");

    private static int[]? Ids(string text)
    {
        List<int> ids = [];
        foreach (string part in text.Split([',', ' ', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                return null;
            }

            ids.Add(id);
        }

        return ids.Count > 0 ? [.. ids] : null;
    }
}
