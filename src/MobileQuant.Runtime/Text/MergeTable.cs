namespace MobileQuant.Text;

/// <summary>The merges of a BPE model: a pair of ids gives a rank, a rank gives the id of the merged token.</summary>
internal sealed class MergeTable
{
    private readonly Dictionary<ulong, int> _ranks = [];
    private readonly List<int> _merged = [];

    /// <summary>Appends the merge of the next rank; a pair that is given twice keeps its last rank.</summary>
    public void Add(int left, int right, int merged)
    {
        _ranks[Key(left, right)] = _merged.Count;
        _merged.Add(merged);
    }

    public bool TryGetRank(int left, int right, out int rank) => _ranks.TryGetValue(Key(left, right), out rank);

    public int MergedAt(int rank) => _merged[rank];

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;
}
