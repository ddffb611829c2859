using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace MobileQuant.Kernels;

/// <summary>
/// A fixed set of threads that run the same <see cref="ParallelWork"/> side by side, the calling thread among them.
/// Threads live as long as the pool; between runs they spin for a moment, since the next layer is usually microseconds
/// away, and then sleep. A run allocates nothing.
/// A share that its thread has not begun when the caller is through with its own is done by the caller: on a busy machine,
/// nobody waits for a thread that waits for a processor.
/// </summary>
/// <remarks>
/// Runs from several threads are served one after another. A run inside a run is refused.
/// When there are as many workers as processors (and on Linux), each thread of the pool gets a processor of its own, and
/// a caller found on one of those is moved to the one that is left; its own affinity stays as it was.
/// </remarks>
public sealed class WorkerPool : IDisposable
{
    /// <summary>The most threads a pool may have.</summary>
    public const int MaximumThreads = 1024;

    /// <summary>How long a waiting thread spins before it sleeps: longer than the gap between two layers.</summary>
    private static readonly long s_spinTicks = Stopwatch.Frequency / 20_000;

    /// <summary>The pool to which this thread belongs, for threads of a pool.</summary>
    [ThreadStatic]
    private static WorkerPool? s_owner;

    private readonly Lock _runGate = new();
    private readonly object _sleepGate = new();
    private readonly Thread[] _threads;
    private readonly bool _spin;

    /// <summary>One processor per worker, the caller's first; empty when nothing is pinned.</summary>
    private readonly int[] _processors;

    /// <summary>Per share, the last generation in which somebody took it; a share is taken by raising this.</summary>
    private readonly int[] _taken;

    private ParallelWork? _work;
    private ExceptionDispatchInfo? _failure;
    private int _generation;
    private int _pending;
    private int _sleepers;
    private bool _stopping;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">Workers, the caller of <see cref="Run"/> included; 1 runs everything on the caller.</param>
    /// <exception cref="MobileQuantException">MQ6052: not in 1..<see cref="MaximumThreads"/>.</exception>
    public WorkerPool(int threads)
    {
        if (threads is < 1 or > MaximumThreads)
        {
            throw new MobileQuantException(
                "MQ6052", $"a worker pool has 1 to {MaximumThreads} threads, not {threads}", "use at most the number of processor cores");
        }

        Threads = threads;

        // With more threads than cores a spinning thread keeps a working one from running.
        _spin = threads <= Environment.ProcessorCount;
        int[] allowed = ThreadAffinity.AllowedProcessors();
        _processors = threads > 1 && threads == allowed.Length ? allowed : [];
        _taken = new int[threads];
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"MobileQuant worker {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Number of workers, the caller included.</summary>
    public int Threads { get; }

    /// <summary>Runs every worker's share of a work and returns when all are done.</summary>
    /// <param name="work">The work; each share is executed once, by whichever thread.</param>
    /// <exception cref="InvalidOperationException">Called from inside a run of this pool.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    /// <remarks>An exception of any worker is thrown here after every worker has finished; of several, the first.</remarks>
    public void Run(ParallelWork work)
    {
        ArgumentNullException.ThrowIfNull(work);
        ThrowIfInsideRun();

        lock (_runGate)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            if (_threads.Length == 0)
            {
                work.Execute(0, 1);
                return;
            }

            LeaveWorkersProcessors();
            _failure = null;
            _work = work;
            _pending = Threads;
            int generation = Interlocked.Increment(ref _generation);
            WakeSleepers();
            for (int share = 0; share < Threads; share++)
            {
                TryExecute(share, generation);
            }

            WaitForWorkers();
            _work = null;
            _failure?.Throw();
        }
    }

    /// <summary>Stops the threads, after a run in progress has ended.</summary>
    /// <exception cref="InvalidOperationException">Called from inside a run of this pool.</exception>
    public void Dispose()
    {
        ThrowIfInsideRun();
        lock (_runGate)
        {
            if (_stopping)
            {
                return;
            }

            _stopping = true;
            Interlocked.Increment(ref _generation);
            WakeSleepers();
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private void ThrowIfInsideRun()
    {
        // Either would wait for itself.
        if (_runGate.IsHeldByCurrentThread || s_owner == this)
        {
            throw new InvalidOperationException("a worker cannot run or dispose the pool that it works for");
        }
    }

    private void LeaveWorkersProcessors()
    {
        if (_processors.Length > 0 && ThreadAffinity.CurrentProcessor() != _processors[0])
        {
            ThreadAffinity.Move(_processors[0]);
        }
    }

    private void Work(int worker)
    {
        s_owner = this;
        if (_processors.Length > 0)
        {
            ThreadAffinity.Pin(_processors[worker]);
        }

        int generation = 0;
        while (true)
        {
            generation = WaitForGeneration(generation);
            if (Volatile.Read(ref _stopping))
            {
                return;
            }

            if (TryExecute(worker, generation) && Volatile.Read(ref _pending) == 0)
            {
                WakeSleepers();
            }
        }
    }

    /// <summary>
    /// Executes a share unless it was taken in this generation or a later one: a thread that overslept a run must not take its share
    /// from under the next.
    /// </summary>
    private bool TryExecute(int share, int generation)
    {
        int last = Volatile.Read(ref _taken[share]);
        if (unchecked(generation - last) <= 0 || Interlocked.CompareExchange(ref _taken[share], generation, last) != last)
        {
            return false;
        }

        Execute(_work!, share);
        Interlocked.Decrement(ref _pending);
        return true;
    }

    private void Execute(ParallelWork work, int worker)
    {
        // Whatever a worker throws belongs to the caller of Run; the thread itself must survive.
#pragma warning disable CA1031
        try
        {
            work.Execute(worker, Threads);
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
        }
#pragma warning restore CA1031
    }

    private int WaitForGeneration(int seen)
    {
        if (SpinUntil(static (pool, value) => Volatile.Read(ref pool._generation) != value, seen))
        {
            return Volatile.Read(ref _generation);
        }

        lock (_sleepGate)
        {
            // The full fence orders "I sleep" before the last look; the waker writes first and looks for sleepers second.
            Interlocked.Increment(ref _sleepers);
            while (Volatile.Read(ref _generation) == seen)
            {
                Monitor.Wait(_sleepGate);
            }

            Interlocked.Decrement(ref _sleepers);
            return Volatile.Read(ref _generation);
        }
    }

    private void WaitForWorkers()
    {
        if (SpinUntil(static (pool, _) => Volatile.Read(ref pool._pending) == 0, 0))
        {
            return;
        }

        lock (_sleepGate)
        {
            Interlocked.Increment(ref _sleepers);
            while (Volatile.Read(ref _pending) != 0)
            {
                Monitor.Wait(_sleepGate);
            }

            Interlocked.Decrement(ref _sleepers);
        }
    }

    private bool SpinUntil(Func<WorkerPool, int, bool> done, int value)
    {
        if (done(this, value))
        {
            return true;
        }

        if (!_spin)
        {
            return false;
        }

        long end = Stopwatch.GetTimestamp() + s_spinTicks;
        while (Stopwatch.GetTimestamp() < end)
        {
            Thread.SpinWait(8);
            if (done(this, value))
            {
                return true;
            }
        }

        return false;
    }

    private void WakeSleepers()
    {
        if (Volatile.Read(ref _sleepers) == 0)
        {
            return;
        }

        lock (_sleepGate)
        {
            Monitor.PulseAll(_sleepGate);
        }
    }
}
