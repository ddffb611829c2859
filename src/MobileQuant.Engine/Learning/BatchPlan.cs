namespace MobileQuant.Learning;

/// <summary>Which windows a step takes: all windows in a shuffled order, again and again in others. Known for each step without the ones before.</summary>
/// <param name="seed">Decides the orders.</param>
/// <param name="windows">Number of windows.</param>
/// <param name="batchSize">Windows of a step.</param>
internal sealed class BatchPlan(int seed, int windows, int batchSize)
{
    private long _round = -1;
    private int[] _order = [];

    /// <summary>The windows of a step.</summary>
    /// <param name="step">From 0.</param>
    public int[] Of(long step)
    {
        int[] batch = new int[batchSize];
        for (int i = 0; i < batchSize; i++)
        {
            long position = (step * batchSize) + i;
            if (position / windows != _round)
            {
                _round = position / windows;
                _order = [.. Enumerable.Range(0, windows)];
                new Random(unchecked((int)((seed * 1_000_003L) + _round))).Shuffle(_order);
            }

            batch[i] = _order[position % windows];
        }

        return batch;
    }
}
