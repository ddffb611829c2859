namespace MobileQuant.Text;

/// <summary>
/// The decoder of a tokenizer.json in the one order that tokenizers use: replacements in each token, byte fallback, fusing,
/// stripping from the start; or <c>ByteLevel</c> alone.
/// </summary>
internal sealed class DecoderPlan
{
    private readonly List<(TextPattern Pattern, string Content)> _replacements = [];
    private bool _fused;

    private DecoderPlan()
    {
    }

    public bool IsByteLevel { get; private set; }

    public bool HasByteFallback { get; private set; }

    public char StrippedCharacter { get; private set; }

    public int StrippedCount { get; private set; }

    public static DecoderPlan Read(JsonPart part)
    {
        DecoderPlan plan = new();
        plan.Add(part);
        return plan;
    }

    /// <summary>The token after the replacements.</summary>
    public string Replace(string token)
    {
        string replaced = token;
        foreach ((TextPattern pattern, string content) in _replacements)
        {
            replaced = pattern.Replace(replaced, content);
        }

        return replaced;
    }

    private void Add(JsonPart part)
    {
        string type = part.Type;
        if (type == "Sequence")
        {
            part.AllowOnly("type", "decoders");
            foreach (JsonPart step in part.Required("decoders").Items())
            {
                Add(step);
            }

            return;
        }

        bool fits = type switch
        {
            "ByteLevel" => _replacements.Count == 0 && !HasByteFallback && !_fused && !IsByteLevel,
            "Replace" or "ByteFallback" => !HasByteFallback && !_fused && !IsByteLevel,
            "Fuse" => true,
            "Strip" => _fused && !IsByteLevel && StrippedCount == 0,
            _ => throw TokenizerErrors.Unsupported(part.Path, $"the decoder '{type}'"),
        };
        if (!fits)
        {
            throw TokenizerErrors.Unsupported(part.Path, $"the decoder '{type}' at this place of the sequence");
        }

        AddStep(part, type);
    }

    private void AddStep(JsonPart part, string type)
    {
        switch (type)
        {
            case "ByteLevel":
                part.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
                IsByteLevel = true;
                break;
            case "Replace":
                part.AllowOnly("type", "pattern", "content");
                _replacements.Add((TextPattern.Read(part.Required("pattern")), ReadContent(part.Required("content"))));
                break;
            case "ByteFallback":
                part.AllowOnly("type");
                HasByteFallback = true;
                break;
            case "Fuse":
                part.AllowOnly("type");
                _fused = true;
                break;
            default:
                ReadStrip(part);
                break;
        }
    }

    private static string ReadContent(JsonPart part)
    {
        // Every token of the vocabulary is rewritten on loading: a long replacement would multiply the file's size.
        const int longest = 16;
        return part.Text is { Length: <= longest } content
            ? content
            : throw TokenizerErrors.Unsupported(part.Path, $"a replacement of more than {longest} characters");
    }

    private void ReadStrip(JsonPart part)
    {
        part.AllowOnly("type", "content", "start", "stop");
        if (part.Required("stop").Integer != 0)
        {
            // It could only be honoured by holding back text until the end of a stream.
            throw TokenizerErrors.Unsupported(part.Path, "stripping from the end of a text");
        }

        StrippedCharacter = part.Required("content").Character;
        StrippedCount = part.Required("start").Integer is >= 0 and int count
            ? count
            : throw part.Required("start").Unexpected("a count");
    }
}
