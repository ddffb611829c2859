namespace MobileQuant.Text;

/// <summary>Byte-pair encoding of one word, with byte fallback and unknown tokens as the tokenizers library defines them.</summary>
internal sealed class BpeModel
{
    private readonly Vocabulary _vocabulary;
    private readonly MergeTable _merges;
    private readonly int[]? _byteIds;
    private readonly int? _unknownId;
    private readonly bool _fusesUnknown;
    private readonly bool _ignoresMerges;

    private BpeModel(Vocabulary vocabulary, MergeTable merges, JsonPart model)
    {
        _vocabulary = vocabulary;
        _merges = merges;
        _byteIds = model.FlagOr("byte_fallback", false) ? FindByteIds(vocabulary) : null;
        _fusesUnknown = model.FlagOr("fuse_unk", false);
        _ignoresMerges = model.FlagOr("ignore_merges", false);
        if (model.Optional("unk_token") is { } unknown)
        {
            _unknownId = vocabulary.TryGetModelId(unknown.Text, out int id)
                ? id
                : throw TokenizerErrors.Inconsistent(unknown.Path, $"'{unknown.Text}' is not in the vocabulary");
        }
    }

    /// <summary>Reads <c>model</c> of tokenizer.json and fills <paramref name="vocabulary"/>.</summary>
    public static BpeModel Read(JsonPart model, Vocabulary vocabulary)
    {
        if (model.Optional("type") is { } type && type.Text != "BPE")
        {
            throw TokenizerErrors.Unsupported(type.Path, $"the model '{type.Text}'");
        }

        model.AllowOnly(
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges");
        if (model.Optional("dropout") is { IsZero: false } dropout)
        {
            throw TokenizerErrors.Unsupported(dropout.Path, "random dropout of merges");
        }

        foreach (string affix in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.Optional(affix) is { Text.Length: > 0 } value)
            {
                throw TokenizerErrors.Unsupported(value.Path, $"'{value.Text}'");
            }
        }

        foreach ((string token, JsonPart id) in model.Required("vocab").Members())
        {
            vocabulary.Add(token, id.Integer, id.Path);
        }

        return new BpeModel(vocabulary, ReadMerges(model.Required("merges"), vocabulary), model);
    }

    /// <summary>Appends the ids of <paramref name="word"/>, well-formed UTF-16.</summary>
    /// <param name="word">The word, in the alphabet of the vocabulary.</param>
    /// <param name="symbols">Working memory.</param>
    /// <param name="ids">Receives the ids.</param>
    public void Encode(ReadOnlySpan<char> word, BpeWord symbols, List<int> ids)
    {
        if (_ignoresMerges && _vocabulary.TryGetModelId(word, out int whole))
        {
            ids.Add(whole);
            return;
        }

        symbols.Clear();
        bool unknownPending = false;
        for (int at = 0; at < word.Length;)
        {
            int length = char.IsSurrogatePair(word[at], at + 1 < word.Length ? word[at + 1] : '\0') ? 2 : 1;
            ReadOnlySpan<char> symbol = word.Slice(at, length);
            at += length;
            if (_vocabulary.TryGetModelId(symbol, out int id))
            {
                AddUnknown(symbols, ref unknownPending);
                symbols.Add(id);
            }
            else if (!TryAddBytes(symbol, symbols) && _unknownId.HasValue)
            {
                // Held back until the next known symbol or unknown one, not until the next bytes: as the library does.
                // Without an unknown token the library drops the symbol, and so do we.
                if (!_fusesUnknown)
                {
                    AddUnknown(symbols, ref unknownPending);
                }

                unknownPending = true;
            }
        }

        AddUnknown(symbols, ref unknownPending);
        symbols.Merge(_merges);
        symbols.AppendTo(ids);
    }

    private static MergeTable ReadMerges(JsonPart merges, Vocabulary vocabulary)
    {
        MergeTable table = new();
        foreach (JsonPart merge in merges.Items())
        {
            string[] parts = merge.IsString ? merge.Text.Split(' ') : [.. merge.Items().Select(part => part.Text)];
            if (merge.IsString && merge.Text.StartsWith("#version", StringComparison.Ordinal))
            {
                continue;
            }

            if (parts.Length != 2)
            {
                throw merge.Unexpected("two tokens");
            }

            table.Add(IdOf(parts[0], merge), IdOf(parts[1], merge), IdOf(parts[0] + parts[1], merge));
        }

        return table;

        int IdOf(string token, JsonPart merge) => vocabulary.TryGetModelId(token, out int id)
            ? id
            : throw TokenizerErrors.Inconsistent(merge.Path, $"the merge needs '{token}', which is not in the vocabulary");
    }

    private static int[] FindByteIds(Vocabulary vocabulary)
    {
        int[] ids = new int[256];
        for (int value = 0; value < 256; value++)
        {
            ids[value] = vocabulary.TryGetModelId($"<0x{value:X2}>", out int id) ? id : -1;
        }

        return ids;
    }

    private bool TryAddBytes(ReadOnlySpan<char> symbol, BpeWord symbols)
    {
        if (_byteIds is null)
        {
            return false;
        }

        Span<byte> utf8 = stackalloc byte[4];
        utf8 = utf8[..System.Text.Encoding.UTF8.GetBytes(symbol, utf8)];
        foreach (byte value in utf8)
        {
            if (_byteIds[value] < 0)
            {
                return false;
            }
        }

        foreach (byte value in utf8)
        {
            symbols.Add(_byteIds[value]);
        }

        return true;
    }

    private void AddUnknown(BpeWord symbols, ref bool pending)
    {
        if (pending)
        {
            symbols.Add(_unknownId!.Value);
            pending = false;
        }
    }
}
