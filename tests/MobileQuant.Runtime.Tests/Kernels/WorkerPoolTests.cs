using MobileQuant.Kernels;

namespace MobileQuant.Tests.Kernels;

/// <summary>The threads that share a layer's tiles.</summary>
public class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_share_is_done_once_per_run(int threads)
    {
        using WorkerPool pool = new(threads);
        Counter counter = new(threads);
        for (int run = 1; run <= 3000; run++)
        {
            pool.Run(counter);
            Assert.All(counter.Calls, calls => Assert.Equal(run, calls));
            if (run % 1000 == 0)
            {
                // Long enough for the threads to fall asleep.
                Thread.Sleep(5);
            }
        }
    }

    [Fact]
    public void Shares_run_side_by_side_and_the_first_is_the_callers()
    {
        using WorkerPool pool = new(3);
        using Barrier together = new(3);
        Lambda work = new((worker, _) =>
        {
            Assert.True(together.SignalAndWait(TimeSpan.FromSeconds(30)));
            Assert.Equal(worker == 0, Thread.CurrentThread.Name?.StartsWith("MobileQuant") != true);
        });
        pool.Run(work);
    }

    [Fact]
    public void With_far_more_threads_than_processors_no_share_is_lost_or_done_twice()
    {
        // Most threads are late most of the time, and the caller does their shares.
        using WorkerPool pool = new(16);
        int done = 0;
        Lambda work = new((_, _) => Interlocked.Increment(ref done));
        for (int i = 1; i <= 5000; i++)
        {
            pool.Run(work);
            Assert.Equal(16 * i, done);
        }
    }

    [Fact]
    public void A_failure_of_a_worker_reaches_the_caller_after_all_have_finished()
    {
        using WorkerPool pool = new(3);
        int finished = 0;
        Lambda work = new((worker, _) =>
        {
            if (worker == 2)
            {
                throw new InvalidDataException("bad tile");
            }

            Thread.Sleep(20);
            Interlocked.Increment(ref finished);
        });
        Assert.Equal("bad tile", Assert.Throws<InvalidDataException>(() => pool.Run(work)).Message);
        Assert.Equal(2, finished);

        Counter counter = new(3);
        pool.Run(counter);
        Assert.All(counter.Calls, calls => Assert.Equal(1, calls));
    }

    [Fact]
    public void A_failure_of_the_caller_waits_for_the_workers()
    {
        using WorkerPool pool = new(2);
        bool finished = false;
        Lambda work = new((worker, _) =>
        {
            if (worker == 0)
            {
                throw new InvalidDataException();
            }

            Thread.Sleep(30);
            finished = true;
        });
        Assert.Throws<InvalidDataException>(() => pool.Run(work));
        Assert.True(finished);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_run_inside_a_run_is_refused(int nesting)
    {
        using WorkerPool pool = new(2);
        Lambda work = new((worker, _) =>
        {
            if (worker == nesting)
            {
                pool.Run(new Counter(2));
            }
        });
        Assert.Throws<InvalidOperationException>(() => pool.Run(work));
    }

    [Fact]
    public async Task Runs_of_several_threads_take_turns()
    {
        using WorkerPool pool = new(2);
        int inside = 0;
        int total = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OnThread(() =>
        {
            Lambda work = new((worker, _) =>
            {
                if (worker == 0)
                {
                    Assert.Equal(1, Interlocked.Increment(ref inside));
                    Interlocked.Decrement(ref inside);
                }

                Interlocked.Increment(ref total);
            });
            for (int i = 0; i < 200; i++)
            {
                pool.Run(work);
            }
        })));
        Assert.Equal(4 * 200 * 2, total);
    }

    [Fact]
    public void A_disposed_pool_refuses_work_and_its_threads_have_ended()
    {
        List<Thread> threads = [];
        WorkerPool pool = new(3);
        using Barrier together = new(3);
        pool.Run(new Lambda((_, _) =>
        {
            Assert.True(together.SignalAndWait(TimeSpan.FromSeconds(30)));
            lock (threads)
            {
                threads.Add(Thread.CurrentThread);
            }
        }));
        pool.Dispose();
        pool.Dispose();
        Assert.Equal(2, threads.Count(thread => !thread.IsAlive));
        Assert.Throws<ObjectDisposedException>(() => pool.Run(new Counter(3)));
    }

    [Fact]
    public void A_run_allocates_nothing()
    {
        using WorkerPool pool = new(2);
        Counter counter = new(2);
        pool.Run(counter);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            pool.Run(counter);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public async Task A_caller_on_a_workers_processor_is_moved_and_keeps_its_affinity()
    {
        int[] allowed = ThreadAffinity.AllowedProcessors();
        if (allowed.Length < 2)
        {
            // Nothing is pinned here: not Linux, or one processor.
            return;
        }

        using WorkerPool pool = new(allowed.Length);
        Counter counter = new(allowed.Length);
        await OnThread(() =>
        {
            pool.Run(counter);
            ThreadAffinity.Move(allowed[^1]);
            Assert.Equal(allowed, ThreadAffinity.AllowedProcessors());
            long before = GC.GetAllocatedBytesForCurrentThread();
            pool.Run(counter);
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
            Assert.Equal(allowed, ThreadAffinity.AllowedProcessors());
        });
        Assert.All(counter.Calls, calls => Assert.Equal(2, calls));
    }

    [Fact]
    public void Shares_are_contiguous_and_cover_everything()
    {
        for (int total = 0; total < 40; total++)
        {
            for (int workers = 1; workers < 9; workers++)
            {
                int next = 0;
                for (int worker = 0; worker < workers; worker++)
                {
                    (int first, int count) = ParallelWork.Share(total, worker, workers);
                    Assert.Equal(next, first);
                    Assert.InRange(count, total / workers, (total / workers) + 1);
                    next += count;
                }

                Assert.Equal(total, next);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    [InlineData(5000)]
    public void A_thread_count_out_of_range_is_refused(int threads) =>
        Assert.Equal("MQ6052", Assert.Throws<MobileQuantException>(() => new WorkerPool(threads)).Code);

    /// <summary>Runs on a thread of its own, and brings its failure back.</summary>
    private static Task OnThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private sealed class Counter(int workers) : ParallelWork
    {
        public int[] Calls { get; } = new int[workers];

        public override void Execute(int worker, int workers) => Calls[worker]++;
    }

    private sealed class Lambda(Action<int, int> action) : ParallelWork
    {
        public override void Execute(int worker, int workers) => action(worker, workers);
    }
}
