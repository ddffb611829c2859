using MobileQuant.Kernels;

namespace MobileQuant.Decoding;

/// <summary>A step of the decoder that workers share; created once, so that running it allocates nothing.</summary>
internal sealed class Phase(Action<int, int> action) : ParallelWork
{
    public override void Execute(int worker, int workers) => action(worker, workers);
}
