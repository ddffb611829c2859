namespace MobileQuant.Kernels;

/// <summary>
/// Work that <see cref="WorkerPool.Run"/> hands to all workers at once. An object that the caller keeps and fills
/// anew for each run, so that a dispatch allocates nothing.
/// </summary>
public abstract class ParallelWork
{
    /// <summary>Does one worker's share. Called once per worker, concurrently.</summary>
    /// <param name="worker">In 0..workers-1; 0 is the thread that called <see cref="WorkerPool.Run"/>.</param>
    /// <param name="workers">Number of workers.</param>
    public abstract void Execute(int worker, int workers);

    /// <summary>
    /// The contiguous share of a worker in <paramref name="total"/> items: shares differ by at most one, earlier ones are larger.
    /// </summary>
    /// <param name="total">Items, 0 or more.</param>
    /// <param name="worker">In 0..workers-1.</param>
    /// <param name="workers">Number of workers.</param>
    /// <returns>First item and number of items, which may be 0.</returns>
    public static (int First, int Count) Share(int total, int worker, int workers)
    {
        (int size, int rest) = Math.DivRem(total, workers);
        return ((worker * size) + Math.Min(worker, rest), size + (worker < rest ? 1 : 0));
    }
}
