using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using MobileQuant.Benchmarking;
using MobileQuant.Kernels;
using MobileQuant.Programs;

namespace MobileQuant.Bench;

/// <summary>Speed of the linear kernels on the shapes of a 1.1B Llama, beside the limits of the machine measured in the same run.</summary>
internal static class KernelBenchmark
{
    /// <summary>Bytes of weights that one timed pass reads: layers are copied until no cache holds them.</summary>
    private const long StreamBytes = 200L << 20;

    private const int PrefillRows = 128;

    private static readonly (int Outputs, int Inputs)[] s_shapes = [(2048, 2048), (5632, 2048), (2048, 5632)];

    public static void Run()
    {
        LinearKernel kernel = KernelSelection.Default;
        Console.WriteLine($"kernel {kernel.Name}, {Environment.ProcessorCount} processors; medians");
        foreach (int threads in new[] { 1, 2 })
        {
            using WorkerPool pool = new(threads);
            Console.WriteLine();
            Console.WriteLine($"{threads} thread(s): read bandwidth {MemoryBandwidth.MeasureReadGBps(threads):F1} GB/s{Peaks(pool)}, dispatch {Dispatch(pool):F2} us");
            Console.WriteLine("  format  layer         decode GB/s  wide GB/s  GMAC/s at 128 rows, 4, 16");
            foreach (WeightFormat format in Enum.GetValues<WeightFormat>())
            {
                foreach ((int outputs, int inputs) in s_shapes)
                {
                    Measure(kernel, pool, format, outputs, inputs);
                }
            }
        }
    }

    private static string Peaks(WorkerPool pool)
    {
        if (!Avx2.IsSupported)
        {
            return string.Empty;
        }

        return $", arithmetic peak s8 {Peak(pool, true):F0}, s4 {Peak(pool, false):F0} GMAC/s";
    }

    /// <summary>Microseconds of a run with nothing to do.</summary>
    private static double Dispatch(WorkerPool pool)
    {
        const int Runs = 10_000;
        NoWork work = new();
        return Median(7, () =>
        {
            for (int i = 0; i < Runs; i++)
            {
                pool.Run(work);
            }
        }) / Runs * 1e6;
    }

    private static double Peak(WorkerPool pool, bool s8)
    {
        PeakWork work = new(s8);
        return work.MultiplyAdds(pool.Threads) / Median(5, () => pool.Run(work)) / 1e9;
    }

    private static void Measure(LinearKernel kernel, WorkerPool pool, WeightFormat format, int outputs, int inputs)
    {
        Random random = new(1);
        LinearProgram first = RandomLayer.Create(outputs, inputs, format, asymmetric: format != WeightFormat.S8, random);
        long bytes = first.Weights.Length;
        LinearProgram[] layers = new LinearProgram[Math.Max(2, (int)(StreamBytes / bytes))];
        layers[0] = first;
        for (int i = 1; i < layers.Length; i++)
        {
            layers[i] = RandomLayer.Copy(first);
        }

        double decode = Stream(kernel, pool, layers, wide: false, random);
        double wide = Stream(kernel, pool, layers, wide: true, random);
        double prefill = Prefill(kernel, pool, layers, PrefillRows, random);
        double few = Prefill(kernel, pool, layers, 4, random);
        double some = Prefill(kernel, pool, layers, 16, random);
        Console.WriteLine($"  {format,-6}  {outputs,4}x{inputs,-8} {decode,11:F1} {wide,10:F1} {prefill,15:F1} {few,10:F1} {some,6:F1}");
        foreach (LinearProgram layer in layers)
        {
            RandomLayer.Free(layer);
        }
    }

    private static double Stream(LinearKernel kernel, WorkerPool pool, LinearProgram[] layers, bool wide, Random random)
    {
        using RandomRows rows = new(layers[0], 1, wide, random);
        LinearWork work = new(kernel) { Rows = rows };
        double seconds = Median(7, () =>
        {
            foreach (LinearProgram layer in layers)
            {
                work.Linear = layer;
                pool.Run(work);
            }
        });
        return layers[0].Weights.Length * (double)layers.Length / seconds / 1e9;
    }

    private static double Prefill(LinearKernel kernel, WorkerPool pool, LinearProgram[] layers, int count, Random random)
    {
        using RandomRows rows = new(layers[0], count, wide: false, random);
        LinearWork work = new(kernel) { Rows = rows };
        int at = 0;
        double seconds = Median(9, () =>
        {
            work.Linear = layers[at++ % layers.Length];
            pool.Run(work);
        });
        return (double)count * layers[0].OutputSize * layers[0].InputSize / seconds / 1e9;
    }

    private sealed class NoWork : ParallelWork
    {
        public override void Execute(int worker, int workers)
        {
        }
    }

    /// <summary>Median time of several runs, after some that warm caches, and the compiler up to its last tier.</summary>
    private static double Median(int runs, Action action)
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalMilliseconds < 100;)
        {
            action();
        }

        double[] seconds = new double[runs];
        for (int i = 0; i < runs; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds[runs / 2];
    }
}
