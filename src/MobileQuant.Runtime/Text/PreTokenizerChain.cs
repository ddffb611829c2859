namespace MobileQuant.Text;

/// <summary>The pre-tokenizers of a tokenizer.json, each cutting the pieces of the one before.</summary>
internal sealed class PreTokenizerChain
{
    private readonly List<IPreTokenizer> _steps = [];

    private PreTokenizerChain()
    {
    }

    /// <summary>Whether the pieces are bytes in the byte-level alphabet.</summary>
    public bool IsByteLevel { get; private set; }

    /// <summary>Reads <c>pre_tokenizer</c>, which may be null.</summary>
    public static PreTokenizerChain Read(JsonPart? part)
    {
        PreTokenizerChain chain = new();
        if (part is { } root)
        {
            chain.Add(root);
        }

        return chain;
    }

    /// <summary>Cuts <paramref name="text"/>.</summary>
    public void Split(ReadOnlySpan<char> text, bool startsText, PieceReceiver receive)
    {
        PieceReceiver next = receive;
        for (int i = _steps.Count - 1; i >= 0; i--)
        {
            (IPreTokenizer step, PieceReceiver after) = (_steps[i], next);
            next = (piece, starts) => step.Split(piece, starts, after);
        }

        next(text, startsText);
    }

    private void Add(JsonPart part)
    {
        string type = part.Type;
        if (type == "Sequence")
        {
            part.AllowOnly("type", "pretokenizers");
            foreach (JsonPart step in part.Required("pretokenizers").Items())
            {
                Add(step);
            }

            return;
        }

        if (IsByteLevel)
        {
            throw TokenizerErrors.Unsupported(part.Path, $"the pre-tokenizer '{type}' after ByteLevel");
        }

        _steps.Add(type switch
        {
            "ByteLevel" => ByteLevelSplitter.Read(part),
            "Split" => PatternSplitter.Read(part),
            "Digits" => DigitSplitter.Read(part),
            "Metaspace" => MetaspaceSplitter.Read(part),
            _ => throw TokenizerErrors.Unsupported(part.Path, $"the pre-tokenizer '{type}'"),
        });
        IsByteLevel = type == "ByteLevel";
    }
}
