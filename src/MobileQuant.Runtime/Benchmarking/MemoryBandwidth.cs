using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using MobileQuant.Kernels;

namespace MobileQuant.Benchmarking;

/// <summary>The limit of decoding: how fast this machine reads memory that no cache holds.</summary>
public static class MemoryBandwidth
{
    /// <summary>Bytes that the threads read together in one pass: larger than common last-level caches.</summary>
    private const long TotalBytes = 512L << 20;

    private const int Passes = 7;

    /// <summary>
    /// Measures sequential reading: every thread sums its own contiguous share of a buffer of 512 MiB.
    /// </summary>
    /// <param name="threads">Number of threads, at least 1.</param>
    /// <returns>Median of seven passes, in GB/s (10^9 bytes per second).</returns>
    /// <exception cref="MobileQuantException">MQ6052: the number of threads is out of range.</exception>
    public static unsafe double MeasureReadGBps(int threads)
    {
        using WorkerPool pool = new(threads);
        byte* buffer = (byte*)NativeMemory.AlignedAlloc((nuint)TotalBytes, 4096);
        try
        {
            ReadWork work = new(buffer, TotalBytes / threads / 256 * 256);

            // The first pass writes, so that every page is its own; untouched pages all map to one page of zeros.
            pool.Run(new FillWork(buffer, work.ShareBytes));
            double[] results = new double[Passes];
            for (int i = 0; i < Passes; i++)
            {
                long start = Stopwatch.GetTimestamp();
                pool.Run(work);
                results[i] = work.ShareBytes * threads / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
            }

            Array.Sort(results);
            return results[Passes / 2];
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
    }

    private sealed unsafe class FillWork(byte* buffer, long shareBytes) : ParallelWork
    {
        public override void Execute(int worker, int workers) =>
            NativeMemory.Fill(buffer + (worker * shareBytes), (nuint)shareBytes, (byte)(worker + 1));
    }

    private sealed unsafe class ReadWork(byte* buffer, long shareBytes) : ParallelWork
    {
        private long _sink;

        public long ShareBytes => shareBytes;

        public override void Execute(int worker, int workers)
        {
            byte* at = buffer + (worker * shareBytes);
            byte* end = at + shareBytes;
            Vector256<long> a = default;
            Vector256<long> b = default;
            Vector256<long> c = default;
            Vector256<long> d = default;
            for (; at < end; at += 128)
            {
                a += Vector256.Load((long*)at);
                b += Vector256.Load((long*)at + 4);
                c += Vector256.Load((long*)at + 8);
                d += Vector256.Load((long*)at + 12);
            }

            // Keeps the loop from being dropped as unused.
            Interlocked.Add(ref _sink, Vector256.Sum((a ^ b) + (c ^ d)));
        }
    }
}
