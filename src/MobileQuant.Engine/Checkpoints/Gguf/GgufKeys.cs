using System.Globalization;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>The metadata of one architecture, whose keys begin with its name, with limits and names in the error messages.</summary>
internal sealed class GgufKeys(GgufMetadata metadata, string architecture)
{
    /// <summary>Larger than any dimension of a real model, and small enough for products in 64 bits.</summary>
    public const int Large = 1 << 24;

    private static readonly string[] EndKeys = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"];

    public GgufMetadata Metadata => metadata;

    /// <summary>The whole key: <c>llama.block_count</c> for <c>block_count</c>.</summary>
    public string Name(string key) => architecture + "." + key;

    public bool Has(string key) => metadata.Contains(Name(key));

    public int Integer(string key, int minimum, int maximum, int? fallback = null)
    {
        if (metadata.ArrayLength(Name(key)) is not null)
        {
            throw Unsupported($"'{Name(key)}' is a list, one value for each layer");
        }

        if (!metadata.TryGetUInt32(Name(key), out uint value))
        {
            return fallback ?? throw Missing(key);
        }

        return value >= minimum && value <= maximum ? (int)value : throw Wrong(key, $"a whole number from {minimum} to {maximum}", value);
    }

    public double Number(string key, double minimum, double maximum, double? fallback = null)
    {
        if (!metadata.TryGetFloat32(Name(key), out float value))
        {
            return fallback ?? throw Missing(key);
        }

        // Writers store the float32 next to a short decimal: 1e-05 is meant where 9.999999747378752E-06 is stored.
        double meant = double.Parse(value.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return meant >= minimum && meant <= maximum ? meant : throw Wrong(key, string.Create(CultureInfo.InvariantCulture, $"a number from {minimum} to {maximum}"), value);
    }

    public string? Text(string key) => metadata.TryGetString(Name(key), out string value) ? value : null;

    public bool Flag(string key, bool fallback) => metadata.TryGetBoolean(Name(key), out bool value) ? value : fallback;

    /// <summary>The token that the tokenizer puts in front of a text, or null when it puts none.</summary>
    public int? BeginToken(int vocabulary)
    {
        if (!metadata.TryGetBoolean("tokenizer.ggml.add_bos_token", out bool added))
        {
            // Without the key the kind of tokenizer decides: SentencePiece's adds one, byte-level BPE none.
            added = metadata.TryGetString("tokenizer.ggml.model", out string kind) && kind == "llama";
        }

        return added ? Token("tokenizer.ggml.bos_token_id", vocabulary) : null;
    }

    /// <summary>The tokens that end a text, a turn or a message.</summary>
    public IReadOnlyList<int> EndTokens(int vocabulary) =>
        [.. EndKeys.Select(key => Token(key, vocabulary)).OfType<int>().Distinct()];

    public MobileQuantException Wrong(string key, string expected, IFormattable found) =>
        metadata.Wrong(Name(key), expected, found.ToString(null, CultureInfo.InvariantCulture));

    public MobileQuantException Unsupported(string what) =>
        new("MQ2004", $"{metadata.Path}: {what}.", "Use another model of the family. Nothing is approximated silently: a model that is accepted is computed exactly.");

    // All bits set is how writers say "none".
    private int? Token(string key, int vocabulary)
    {
        if (!metadata.TryGetUInt32(key, out uint id) || id == uint.MaxValue)
        {
            return null;
        }

        return id < vocabulary ? (int)id : throw metadata.Wrong(key, $"a token below {vocabulary}", id.ToString(CultureInfo.InvariantCulture));
    }

    private MobileQuantException Missing(string key) =>
        new("MQ2024", $"{metadata.Path}: the metadata '{Name(key)}' is missing.", "The file is incomplete, or was converted by a broken program; use another file of the model.");
}
