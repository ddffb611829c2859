namespace MobileQuant.Text;

/// <summary>Tokens and their ids, one to one.</summary>
internal sealed class Vocabulary
{
    /// <summary>
    /// The largest id that is read. Tables here have a row per id, so a file of a few bytes must not be able to ask for billions of them;
    /// the largest published vocabularies hold about 260,000.
    /// </summary>
    public const int LargestId = (1 << 22) - 1;

    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsBySpan;
    private string?[] _tokens = new string?[256];

    public Vocabulary()
    {
        _ids = new Dictionary<string, int>(StringComparer.Ordinal);
        _idsBySpan = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The largest id plus one.</summary>
    public int Size { get; private set; }

    public void Add(string token, int id, string where)
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

        if (!_ids.TryAdd(token, id) && _ids[token] != id)
        {
            throw TokenizerErrors.Inconsistent(where, $"'{token}' has both the ids {_ids[token]} and {id}");
        }

        _tokens[id] = token;
        Size = Math.Max(Size, id + 1);
    }

    public bool TryGetId(ReadOnlySpan<char> token, out int id) => _idsBySpan.TryGetValue(token, out id);

    /// <summary>The token, or null for an id that has none.</summary>
    public string? TokenAt(int id) => (uint)id < (uint)Size ? _tokens[id] : null;
}
