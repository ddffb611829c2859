using System.Diagnostics;
using MobileQuant.Arithmetic;
using MobileQuant.Kernels;
using MobileQuant.Programs;

namespace MobileQuant.Bench;

/// <summary>Row quantization and attention products beside their specification, on one thread and from cache.</summary>
internal static unsafe class RowBenchmark
{
    private const int Length = 2048;
    private const int HeadSize = 64;
    private const int Keys = 1024;

    public static void Run()
    {
        Random random = new(1);
        int[] row = new int[Length];
        foreach (ref int y in row.AsSpan())
        {
            y = random.Next(-1_000_000, 1_000_000);
        }

        byte[] codes = new byte[Length];
        byte[] low = new byte[Length];
        Report(
            $"token row of {Length}",
            () => RowQuantizer.FromRow(row).Quantize(row, codes),
            () => RowKernels.Quantize(RowKernels.FromRow(row), row, codes));
        Report(
            $"wide row of {Length}",
            () => WideRowQuantizer.Quantize(row, 16, codes, low, out _),
            () => RowKernels.QuantizeWide(row, 16, codes, low, out _));

        int[] normed = new int[Length];
        foreach (NormForm form in Enum.GetValues<NormForm>())
        {
            NormProgram norm = KernelCheck.RandomNorm(Length, form, random);
            Report($"norm {form} of {Length}", () => Normalization.Apply(row, norm, normed), () => RowKernels.Normalize(row, norm, normed));
        }

        short[] query = [.. Enumerable.Range(0, HeadSize).Select(_ => (short)random.Next(-32767, 32768))];
        short[] weights = [.. Enumerable.Range(0, Keys).Select(_ => (short)random.Next(0, 8000))];
        byte[] cache = new byte[Keys * HeadSize];
        random.NextBytes(cache);
        int[] scores = new int[Keys];
        int[] sums = new int[HeadSize];
        fixed (short* q = query, p = weights)
        {
            fixed (byte* k = cache)
            {
                fixed (int* s = scores, a = sums)
                {
                    // A lambda may not capture a fixed local itself.
                    short* q1 = q;
                    short* p1 = p;
                    byte* k1 = k;
                    int* s1 = s;
                    int* a1 = a;
                    Report(
                        $"scores, {Keys} keys of {HeadSize}",
                        () => AttentionDots.Scores(query, cache, 128, scores),
                        () => AttentionKernels.ScoreDots(q1, k1, Keys, HeadSize, 128, s1));
                    Report(
                        $"weighted sum, {Keys} values of {HeadSize}",
                        () => AttentionDots.WeightedSum(weights, cache, 128, sums),
                        () => AttentionKernels.WeightedSum(p1, k1, Keys, HeadSize, 128, a1));
                }
            }
        }
    }

    private static void Report(string name, Action specification, Action kernel) =>
        Console.WriteLine($"  {name,-34} specification {Microseconds(specification),7:F2} us, kernel {Microseconds(kernel),7:F2} us");

    /// <summary>Median of repeated batches of calls.</summary>
    private static double Microseconds(Action action)
    {
        const int Calls = 500;
        double[] times = new double[15];

        // The compiler's last tier comes after a while.
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalMilliseconds < 700;)
        {
            action();
        }

        for (int i = 0; i < times.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int call = 0; call < Calls; call++)
            {
                action();
            }

            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / Calls;
        }

        Array.Sort(times);
        return times[times.Length / 2];
    }
}
