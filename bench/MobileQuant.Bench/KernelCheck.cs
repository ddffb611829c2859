using MobileQuant.Arithmetic;
using MobileQuant.Kernels;
using MobileQuant.Programs;

namespace MobileQuant.Bench;

/// <summary>Compares every kernel of this machine with the specification on random shapes; runs under emulation too.</summary>
internal static class KernelCheck
{
    public static bool Run(int cases)
    {
        bool good = Report("rows", cases, CheckRow) & Report("norms", cases, CheckNorm) & Report("attention", cases, CheckAttention);
        foreach (LinearKernel kernel in KernelSelection.All)
        {
            good &= Report(kernel.Name, cases, seed => CheckLinear(kernel, seed));
        }

        return good;
    }

    private static bool Report(string name, int cases, Func<int, bool> check)
    {
        int wrong = Enumerable.Range(0, cases).Count(seed => !check(seed));
        Console.WriteLine($"{name,-12} {cases} cases, {wrong} wrong");
        return wrong == 0;
    }

    private static bool CheckRow(int seed)
    {
        Random random = new(seed);
        int[] row = new int[random.Next(1, 300)];
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = random.Next(-(1 << (1 + (seed % 30))) + 1, 1 << (1 + (seed % 30)));
        }

        byte[][] codes = [.. Enumerable.Range(0, 6).Select(_ => new byte[row.Length])];
        RowQuantizer quantizer = RowQuantizer.FromRow(row);
        RowScale wide = WideRowQuantizer.Quantize(row, 16, codes[0], codes[1], out int wideSum);
        RowScale fastWide = RowKernels.QuantizeWide(row, 16, codes[2], codes[3], out int fastWideSum);
        return quantizer == RowKernels.FromRow(row)
            && quantizer.Quantize(row, codes[4]) == RowKernels.Quantize(quantizer, row, codes[5])
            && wide == fastWide && wideSum == fastWideSum
            && codes[0].AsSpan().SequenceEqual(codes[2]) && codes[1].AsSpan().SequenceEqual(codes[3])
            && codes[4].AsSpan().SequenceEqual(codes[5]);
    }

    private static bool CheckNorm(int seed)
    {
        Random random = new(seed);
        int[] row = new int[random.Next(1, 300)];
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = random.Next(-(1 << (1 + (seed % 30))) + 1, 1 << (1 + (seed % 30)));
        }

        NormProgram norm = RandomNorm(row.Length, seed % 2 == 0 ? NormForm.Layer : NormForm.RootMeanSquare, random);
        int[] expected = new int[row.Length];
        int[] actual = new int[row.Length];
        Normalization.Apply(row, norm, expected);
        RowKernels.Normalize(row, norm, actual);
        return expected.AsSpan().SequenceEqual(actual);
    }

    /// <summary>A norm with random gains and biases.</summary>
    public static NormProgram RandomNorm(int size, NormForm form, Random random) => new()
    {
        Form = form,
        Gains = NativeSpan<int>.Copy([.. Enumerable.Range(0, size).Select(_ => random.Next(-(1 << 30), 1 << 30))]),
        Biases = form == NormForm.Layer ? NativeSpan<int>.Copy([.. Enumerable.Range(0, size).Select(_ => random.Next(-LayerNorm.BiasLimit, LayerNorm.BiasLimit))]) : default,
        Epsilon = random.Next(1, 10_000),
    };

    private static unsafe bool CheckAttention(int seed)
    {
        Random random = new(seed);
        int headSize = 1 + (seed % 256);
        int count = random.Next(1, 40);
        int zeroPoint = random.Next(256);
        short[] q = [.. Enumerable.Range(0, headSize).Select(_ => (short)random.Next(-32767, 32768))];
        short[] p = [.. Enumerable.Range(0, count).Select(_ => (short)random.Next(32768))];
        byte[] cache = new byte[count * headSize];
        random.NextBytes(cache);
        int[] scores = new int[count];
        int[] sums = new int[headSize];
        fixed (short* query = q, weights = p)
        {
            fixed (byte* codes = cache)
            {
                fixed (int* s = scores, a = sums)
                {
                    AttentionKernels.ScoreDots(query, codes, count, headSize, zeroPoint, s);
                    AttentionKernels.WeightedSum(weights, codes, count, headSize, zeroPoint, a);
                }
            }
        }

        return Enumerable.Range(0, count).All(t => scores[t] == Enumerable.Range(0, headSize).Sum(d => q[d] * (cache[(t * headSize) + d] - zeroPoint)))
            && Enumerable.Range(0, headSize).All(d => sums[d] == Enumerable.Range(0, count).Sum(t => p[t] * (cache[(t * headSize) + d] - zeroPoint)));
    }

    private static unsafe bool CheckLinear(LinearKernel kernel, int seed)
    {
        Random random = new(seed);
        WeightFormat format = (WeightFormat)(seed % 4);
        bool wide = seed % 3 == 0;
        int inputs = seed < 257 ? seed + 1 : random.Next(1, 700);
        LinearProgram linear = RandomLayer.Create(random.Next(1, 50), inputs, format, seed % 5 < 2, random);
        using RandomRows rows = new(linear, 1 + (seed % 9), wide, random);
        kernel.Run(linear, 0, linear.TileCount, rows.Batch, rows.Output, linear.OutputSize);
        RowBatch batch = rows.Batch;
        bool equal = true;
        for (int row = 0; row < batch.Count; row++)
        {
            byte* codes = batch.Codes + (row * batch.Stride * (wide ? 2 : 1));
            for (int n = 0; n < linear.OutputSize; n++)
            {
                ReadOnlySpan<byte> first = new(codes, inputs);
                int expected = wide
                    ? LinearLayer.WideOutput(linear, n, first, new(codes + batch.Stride, inputs), batch.Sums[row], batch.Scales[row])
                    : LinearLayer.Output(linear, n, first, batch.Sums[row], batch.Scales[row]);
                equal &= expected == rows.Output[(row * linear.OutputSize) + n];
            }
        }

        RandomLayer.Free(linear);
        return equal;
    }
}
