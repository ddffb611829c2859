using System.Collections.Frozen;
using System.Text;

namespace MobileQuant.Text;

/// <summary>
/// A tokenizer read from the <c>tokenizer.json</c> of a Hugging Face checkpoint: byte-level BPE, or BPE with byte fallback (Llama 2 style).
/// Gives the ids and texts that the Hugging Face tokenizer gives. Immutable, safe for use by several threads.
/// </summary>
public sealed class TextTokenizer
{
    /// <summary>The name of the file that holds the tokenizer.</summary>
    public const string FileName = TokenizerFiles.TokenizerName;

    /// <summary>The name of the optional file that names its special tokens.</summary>
    public const string ConfigFileName = TokenizerFiles.ConfigName;

    private readonly TokenizerParts _parts;
    private readonly AddedTokenMatcher _rawTokens;
    private readonly AddedTokenMatcher _normalizedTokens;
    private readonly FrozenSet<int> _addedIds;

    internal TextTokenizer(TokenizerParts parts)
    {
        _parts = parts;
        _rawTokens = new AddedTokenMatcher(parts.AddedTokens.Where(token => !token.Normalized).Select(token => (token.Content, token)));
        _normalizedTokens = new AddedTokenMatcher(parts.AddedTokens.Where(token => token.Normalized)
            .Select(token => (parts.Normalizer.Normalize(token.Content), token)));
        _addedIds = parts.AddedTokens.Select(token => token.Id).ToFrozenSet();
        SpecialIds = parts.AddedTokens.Where(token => token.Special).Select(token => token.Id).ToFrozenSet();
    }

    /// <summary>The largest id plus one, added tokens included: how many rows an embedding needs at least.</summary>
    public int VocabularySize => _parts.Vocabulary.Size;

    /// <summary>The id of the token that begins a text, or null where none is named.</summary>
    public int? BeginOfTextId => _parts.BeginOfTextId;

    /// <summary>The id of the token that ends a text, or null where none is named.</summary>
    public int? EndOfTextId => _parts.EndOfTextId;

    /// <summary>Whether <see cref="Encode"/> puts <see cref="BeginOfTextId"/> in front of a text.</summary>
    public bool AddsBeginOfText => BeginOfTextId is { } id && _parts.Template.Before.Contains(id);

    /// <summary>The ids that <see cref="Decode"/> leaves out of a text unless asked to keep them.</summary>
    public IReadOnlySet<int> SpecialIds { get; }

    /// <summary>Whether a token is recognised in text before splitting, special or not.</summary>
    internal bool IsAdded(int id) => _addedIds.Contains(id);

    /// <summary>Reads the tokenizer of a checkpoint folder.</summary>
    /// <param name="folder">A folder with <c>tokenizer.json</c> and, optionally, <c>tokenizer_config.json</c>.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="MobileQuantException">MQ2100 when there is no tokenizer.json or a file cannot be read, otherwise as <see cref="FromHuggingFace"/>.</exception>
    public static TextTokenizer FromFolder(string folder) => FromFiles(TokenizerFiles.ReadFolder(folder));

    /// <summary>Reads a tokenizer from its files.</summary>
    /// <param name="files">The files in memory.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="MobileQuantException">As <see cref="FromHuggingFace"/>.</exception>
    public static TextTokenizer FromFiles(TokenizerFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return FromHuggingFace(files.Tokenizer, files.Config ?? default(ReadOnlyMemory<byte>));
    }

    /// <summary>Reads a tokenizer from the bytes of its files.</summary>
    /// <param name="tokenizerJson">The bytes of <c>tokenizer.json</c>.</param>
    /// <param name="tokenizerConfigJson">The bytes of <c>tokenizer_config.json</c>; empty where there is none.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="MobileQuantException">
    /// MQ2101 for bytes that are not such a file, MQ2102 for a part that is not supported, MQ2103 for tokens and ids that disagree,
    /// MQ2104 for a pattern that is not supported.
    /// </exception>
    public static TextTokenizer FromHuggingFace(ReadOnlyMemory<byte> tokenizerJson, ReadOnlyMemory<byte> tokenizerConfigJson = default) =>
        TokenizerParts.Read(tokenizerJson, tokenizerConfigJson);

    /// <summary>Encodes a text. Added tokens inside it, special ones too, are recognised as the tokenizer declares them.</summary>
    /// <param name="text">The text; an unpaired surrogate counts as U+FFFD.</param>
    /// <param name="addSpecialTokens">Whether the tokens that the tokenizer puts around a text (the begin of text, mostly) are added.</param>
    /// <returns>The ids.</returns>
    /// <exception cref="MobileQuantException">MQ2104 when a splitting pattern takes too long on this text.</exception>
    public int[] Encode(string text, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> ids = [];
        if (addSpecialTokens)
        {
            ids.AddRange(_parts.Template.Before);
        }

        EncodeText(WellFormed(text), ids);
        if (addSpecialTokens)
        {
            ids.AddRange(_parts.Template.After);
        }

        return [.. ids];
    }

    /// <summary>Decodes ids. Bytes that are not UTF-8 become U+FFFD; ids that the vocabulary does not have are passed over.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecialTokens">Whether <see cref="SpecialIds"/> are left out.</param>
    /// <returns>The text.</returns>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        StreamingDetokenizer stream = CreateStream(skipSpecialTokens: skipSpecialTokens);
        char[] text = new char[Math.Max(64, ids.Length * 4)];
        int length = 0;
        int written;
        foreach (int id in ids)
        {
            while (!stream.TryPush(id, text.AsSpan(length), out written))
            {
                Array.Resize(ref text, text.Length * 2);
            }

            length += written;
        }

        while (!stream.TryFlush(text.AsSpan(length), out written))
        {
            Array.Resize(ref text, text.Length * 2);
        }

        return new string(text, 0, length + written);
    }

    /// <summary>Creates a detokenizer for ids that come one by one.</summary>
    /// <param name="shown">
    /// Ids whose text is there already, for example the prompt: the stream continues after them, so that a space between
    /// them and the first new word is kept. Empty where the new ids are a text of their own.
    /// </param>
    /// <param name="skipSpecialTokens">Whether <see cref="SpecialIds"/> are left out.</param>
    /// <returns>The detokenizer.</returns>
    public StreamingDetokenizer CreateStream(ReadOnlySpan<int> shown = default, bool skipSpecialTokens = true)
    {
        StreamingDetokenizer stream = new(_parts.Decoder, skipSpecialTokens ? SpecialIds : null);
        foreach (int id in shown)
        {
            stream.Push(id);
        }

        return stream;
    }

    private static string WellFormed(string text)
    {
        if (!CodePointShadow.IsNeededFor(text))
        {
            return text;
        }

        StringBuilder result = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            result.Append(rune);
        }

        return result.ToString();
    }

    private void EncodeText(string text, List<int> ids)
    {
        PieceEncoder encoder = new(_parts.Model, _parts.PreTokenizers.IsByteLevel, ids);
        foreach ((Range span, AddedToken? token) in _rawTokens.Split(text))
        {
            if (token is not null)
            {
                ids.Add(token.Id);
                continue;
            }

            string normalized = _parts.Normalizer.Normalize(text[span]);
            foreach ((Range inner, AddedToken? innerToken) in _normalizedTokens.Split(normalized))
            {
                if (innerToken is not null)
                {
                    ids.Add(innerToken.Id);
                    continue;
                }

                bool startsText = span.Start.Value == 0 && inner.Start.Value == 0;
                _parts.PreTokenizers.Split(normalized.AsSpan(inner), startsText, (piece, _) => encoder.Encode(piece));
            }
        }
    }
}
