using MobileQuant.Arithmetic;
using MobileQuant.Kernels;
using MobileQuant.Programs;

namespace MobileQuant.Bench;

/// <summary>Compares every kernel of this machine with the specification on random shapes; runs under emulation too.</summary>
internal static class KernelCheck
{
    public static unsafe bool Run(int cases)
    {
        bool good = true;
        foreach (LinearKernel kernel in KernelSelection.All)
        {
            int wrong = 0;
            for (int i = 0; i < cases; i++)
            {
                wrong += Check(kernel, i) ? 0 : 1;
            }

            Console.WriteLine($"{kernel.Name,-12} {cases} shapes, {wrong} wrong");
            good &= wrong == 0;
        }

        return good;
    }

    private static unsafe bool Check(LinearKernel kernel, int seed)
    {
        Random random = new(seed);
        WeightFormat format = seed % 2 == 0 ? WeightFormat.S8 : WeightFormat.S4;
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
