namespace MobileQuant.Checkpoints.Gguf;

/// <summary>The tokens of a GGUF file, with their types and the ids of those that have a role.</summary>
internal sealed class GgufVocabulary
{
    private readonly Dictionary<string, int> _ids;

    private GgufVocabulary(string[] tokens, GgufTokenType[] types, Dictionary<string, int> ids)
    {
        Tokens = tokens;
        Types = types;
        _ids = ids;
    }

    /// <summary>By id.</summary>
    public string[] Tokens { get; }

    /// <summary>By id.</summary>
    public GgufTokenType[] Types { get; }

    public int? BeginId { get; private init; }

    public int? EndId { get; private init; }

    public int? UnknownId { get; private init; }

    public static GgufVocabulary Read(GgufMetadata metadata)
    {
        if (!metadata.TryGetStrings(GgufTokenizerKeys.Tokens, out string[] tokens) || tokens.Length == 0)
        {
            throw GgufTokenizer.Inconsistent(metadata, GgufTokenizerKeys.Tokens, "is missing or empty");
        }

        Dictionary<string, int> ids = new(tokens.Length, StringComparer.Ordinal);
        for (int id = 0; id < tokens.Length; id++)
        {
            if (!ids.TryAdd(tokens[id], id))
            {
                throw GgufTokenizer.Inconsistent(metadata, GgufTokenizerKeys.Tokens, $"has '{GgufCursor.Show(tokens[id])}' twice, as {ids[tokens[id]]} and as {id}");
            }
        }

        return new(tokens, ReadTypes(metadata, tokens.Length), ids)
        {
            BeginId = ReadId(metadata, GgufTokenizerKeys.BeginId, tokens.Length),
            EndId = ReadId(metadata, GgufTokenizerKeys.EndId, tokens.Length),
            UnknownId = ReadId(metadata, GgufTokenizerKeys.UnknownId, tokens.Length),
        };
    }

    public bool Contains(ReadOnlySpan<char> token) => _ids.GetAlternateLookup<ReadOnlySpan<char>>().ContainsKey(token);

    /// <summary>The id of a token that <see cref="Contains"/> knows.</summary>
    public int IdOf(ReadOnlySpan<char> token) => _ids.GetAlternateLookup<ReadOnlySpan<char>>()[token];

    private static GgufTokenType[] ReadTypes(GgufMetadata metadata, int count)
    {
        GgufTokenType[] types = new GgufTokenType[count];
        if (!metadata.TryGetIntegers(GgufTokenizerKeys.Types, out int[] numbers))
        {
            Array.Fill(types, GgufTokenType.Normal);
            return types;
        }

        if (numbers.Length != count)
        {
            throw GgufTokenizer.Inconsistent(metadata, GgufTokenizerKeys.Types, $"has {numbers.Length} elements for {count} tokens");
        }

        for (int id = 0; id < count; id++)
        {
            types[id] = numbers[id] is >= (int)GgufTokenType.Normal and <= (int)GgufTokenType.Byte
                ? (GgufTokenType)numbers[id]
                : throw GgufTokenizer.Inconsistent(metadata, GgufTokenizerKeys.Types, $"gives token {id} the type {numbers[id]}, which does not exist");
        }

        return types;
    }

    private static int? ReadId(GgufMetadata metadata, string key, int count) =>
        !metadata.TryGetUInt32(key, out uint id) ? null
        : id < count ? (int)id
        : throw GgufTokenizer.Inconsistent(metadata, key, $"is {id}, but there are only {count} tokens");
}
