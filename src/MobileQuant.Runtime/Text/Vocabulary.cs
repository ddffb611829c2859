namespace MobileQuant.Text;

/// <summary>Tokens and their ids, one to one: those of the model, and added ones that the model itself cannot produce.</summary>
internal sealed class Vocabulary
{
    /// <summary>
    /// The largest id that is read. Tables here have a row per id, so a file of a few bytes must not be able to ask for billions of them;
    /// the largest published vocabularies hold about 260,000.
    /// </summary>
    public const int LargestId = (1 << 22) - 1;

    private readonly Dictionary<string, int> _modelIds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _addedIds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _modelIdsBySpan;
    private string?[] _tokens = new string?[256];

    public Vocabulary() => _modelIdsBySpan = _modelIds.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The largest id plus one.</summary>
    public int Size { get; private set; }

    /// <summary>Adds a token of the model.</summary>
    public void Add(string token, int id, string where)
    {
        if (!_modelIds.TryAdd(token, id) && _modelIds[token] != id)
        {
            throw TokenizerErrors.Inconsistent(where, $"'{token}' has both the ids {_modelIds[token]} and {id}");
        }

        Claim(token, id, where);
    }

    /// <summary>Adds a token that is recognised before the model; one that the model has too must have the same id.</summary>
    public void AddOutsideModel(string token, int id, string where)
    {
        if (TryGetId(token, out int other) && other != id)
        {
            throw TokenizerErrors.Inconsistent(where, $"'{token}' has both the ids {other} and {id}");
        }

        Claim(token, id, where);
        _addedIds[token] = id;
    }

    /// <summary>Looks among the tokens of the model.</summary>
    public bool TryGetModelId(ReadOnlySpan<char> token, out int id) => _modelIdsBySpan.TryGetValue(token, out id);

    /// <summary>Looks among all tokens.</summary>
    public bool TryGetId(string token, out int id) => _modelIds.TryGetValue(token, out id) || _addedIds.TryGetValue(token, out id);

    /// <summary>The token, or null for an id that has none.</summary>
    public string? TokenAt(int id) => (uint)id < (uint)Size ? _tokens[id] : null;

    private void Claim(string token, int id, string where)
    {
        if (id is < 0 or > LargestId)
        {
            throw TokenizerErrors.Inconsistent(where, $"the id {id} of '{token}' is outside 0..{LargestId}");
        }

        if (id >= _tokens.Length)
        {
            Array.Resize(ref _tokens, Math.Max(id + 1, Math.Min(_tokens.Length * 2, LargestId + 1)));
        }

        if (_tokens[id] is { } holder && holder != token)
        {
            throw TokenizerErrors.Inconsistent(where, $"the id {id} belongs to both '{holder}' and '{token}'");
        }

        _tokens[id] = token;
        Size = Math.Max(Size, id + 1);
    }
}
