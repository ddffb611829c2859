using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MobileQuant.Kernels;

namespace MobileQuant.Bench;

/// <summary>The multiply-add sequences of the AVX2 kernels on registers and a few cached bytes: what the arithmetic alone allows.</summary>
internal sealed unsafe class PeakWork(bool s8) : ParallelWork
{
    private const int Groups = 64;

    private int _sink;

    public int Repeats { get; init; } = 200_000;

    /// <summary>Multiply-adds of one run, for all workers.</summary>
    public double MultiplyAdds(int workers) => (double)workers * Repeats * Groups * 4 * 64;

    public override void Execute(int worker, int workers)
    {
        byte* weights = stackalloc byte[Groups * 128];
        byte* inputs = stackalloc byte[Groups * 32];
        int* sums = stackalloc int[64];
        new Span<byte>(weights, Groups * 128).Fill(3);
        new Span<byte>(inputs, Groups * 32).Fill(5);
        for (int i = 0; i < Repeats; i++)
        {
            if (s8)
            {
                Avx2DotS8.FourRows((short*)weights, inputs, Groups * 4, sums);
            }
            else
            {
                Avx2DotS4.FourRows((sbyte*)weights, inputs, Groups * 4, sums);
            }
        }

        Interlocked.Add(ref _sink, sums[0]);
    }
}
