namespace MobileQuant.Text;

/// <summary>
/// The symbols of one word as a doubly linked list in arrays, merged through a priority queue: O(n log n), since a Llama 2 style
/// tokenizer has no pre-tokenizer and a whole text is one word. Kept between words for its memory.
/// </summary>
internal sealed class BpeWord
{
    private const int Removed = -1;
    private const int None = -1;

    private readonly MergeQueue _queue = new();
    private int[] _ids = new int[64];
    private int[] _previous = new int[64];
    private int[] _next = new int[64];
    private int _count;

    public void Clear() => _count = 0;

    public void Add(int id)
    {
        if (_count == _ids.Length)
        {
            int length = _count * 2;
            Array.Resize(ref _ids, length);
            Array.Resize(ref _previous, length);
            Array.Resize(ref _next, length);
        }

        _ids[_count++] = id;
    }

    /// <summary>Merges until no pair is left that <paramref name="merges"/> knows.</summary>
    public void Merge(MergeTable merges)
    {
        _queue.Clear();
        for (int i = 0; i < _count; i++)
        {
            _previous[i] = i - 1;
            _next[i] = i + 1 < _count ? i + 1 : None;
        }

        for (int i = 0; i + 1 < _count; i++)
        {
            Offer(merges, i);
        }

        while (_queue.TryPop(out int rank, out int left))
        {
            int right = _next[left];
            if (_ids[left] == Removed || right == None)
            {
                continue;
            }

            // An entry is stale when its pair changed since. As in the tokenizers library, a changed pair that merges
            // into the same token is still taken, at the rank of the old pair.
            int merged = merges.MergedAt(rank);
            if (!merges.TryGetRank(_ids[left], _ids[right], out int current) || merges.MergedAt(current) != merged)
            {
                continue;
            }

            _ids[left] = merged;
            _ids[right] = Removed;
            _next[left] = _next[right];
            if (_next[left] != None)
            {
                _previous[_next[left]] = left;
                Offer(merges, left);
            }

            if (_previous[left] != None)
            {
                Offer(merges, _previous[left]);
            }
        }
    }

    public void AppendTo(List<int> ids)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_ids[i] != Removed)
            {
                ids.Add(_ids[i]);
            }
        }
    }

    private void Offer(MergeTable merges, int left)
    {
        if (merges.TryGetRank(_ids[left], _ids[_next[left]], out int rank))
        {
            _queue.Push(rank, left);
        }
    }
}
