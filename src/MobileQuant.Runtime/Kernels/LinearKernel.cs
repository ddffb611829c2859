using MobileQuant.Arithmetic;
using MobileQuant.Programs;

namespace MobileQuant.Kernels;

/// <summary>Computes linear layers on packed weights. One subclass per instruction set; all equal <see cref="LinearLayer"/>.</summary>
/// <remarks>Kernels keep no state between calls, so one instance serves every thread; working memory is the thread's <see cref="KernelScratch"/>.</remarks>
internal abstract unsafe class LinearKernel
{
    /// <summary>The name that doctor and bench print: scalar, avx2, advsimd, advsimd-dp.</summary>
    public abstract string Name { get; }

    /// <summary>Whether this process may run the kernel.</summary>
    public abstract bool IsSupported { get; }

    /// <summary>
    /// Computes output channels [firstTile*16, (firstTile+tileCount)*16) of every row of a batch:
    /// <c>output[row * outputStride + n]</c>, n up to the layer's OutputSize (padding channels are not written).
    /// </summary>
    public abstract void Run(LinearProgram linear, int firstTile, int tileCount, in RowBatch rows, int* output, int outputStride);
}
