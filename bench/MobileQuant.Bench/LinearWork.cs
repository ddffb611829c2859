using MobileQuant.Kernels;
using MobileQuant.Programs;

namespace MobileQuant.Bench;

/// <summary>One layer over one batch, tiles shared among the workers.</summary>
internal sealed unsafe class LinearWork(LinearKernel kernel) : ParallelWork
{
    public LinearProgram? Linear { get; set; }

    public RandomRows? Rows { get; set; }

    public override void Execute(int worker, int workers)
    {
        (int first, int count) = Share(Linear!.TileCount, worker, workers);
        kernel.Run(Linear, first, count, Rows!.Batch, Rows.Output, Linear.OutputSize);
    }
}
