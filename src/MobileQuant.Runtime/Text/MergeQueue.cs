namespace MobileQuant.Text;

/// <summary>A binary heap of candidate merges, smallest rank first and leftmost among equals.</summary>
internal sealed class MergeQueue
{
    // Rank in the upper half, position in the lower: the order of the numbers is the order of the merges.
    private ulong[] _heap = new ulong[64];
    private int _count;

    public void Clear() => _count = 0;

    public void Push(int rank, int position)
    {
        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, _heap.Length * 2);
        }

        ulong entry = ((ulong)(uint)rank << 32) | (uint)position;
        int at = _count++;
        while (at > 0)
        {
            int parent = (at - 1) / 2;
            if (_heap[parent] <= entry)
            {
                break;
            }

            _heap[at] = _heap[parent];
            at = parent;
        }

        _heap[at] = entry;
    }

    public bool TryPop(out int rank, out int position)
    {
        if (_count == 0)
        {
            rank = position = 0;
            return false;
        }

        rank = (int)(_heap[0] >> 32);
        position = (int)(uint)_heap[0];
        ulong last = _heap[--_count];
        int at = 0;
        while (true)
        {
            int child = (at * 2) + 1;
            if (child >= _count)
            {
                break;
            }

            if (child + 1 < _count && _heap[child + 1] < _heap[child])
            {
                child++;
            }

            if (last <= _heap[child])
            {
                break;
            }

            _heap[at] = _heap[child];
            at = child;
        }

        _heap[at] = last;
        return true;
    }
}
