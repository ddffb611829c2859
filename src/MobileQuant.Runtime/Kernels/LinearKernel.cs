using MobileQuant.Arithmetic;
using MobileQuant.Programs;

namespace MobileQuant.Kernels;

/// <summary>Computes linear layers on packed weights. One subclass per instruction set; all equal <see cref="LinearLayer"/>.</summary>
internal abstract unsafe class LinearKernel
{
    /// <summary>The name that doctor and bench print: scalar, avx2, advsimd, advsimd-dp.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Computes output channels [firstTile*16, (firstTile+tileCount)*16) of every row of a batch:
    /// <c>output[row * outputStride + n]</c>, n up to the layer's OutputSize (padding channels are not written).
    /// </summary>
    public abstract void Run(LinearProgram linear, int firstTile, int tileCount, in RowBatch rows, int* output, int outputStride);
}

/// <summary>The portable kernel: the specification in tile order.</summary>
internal sealed unsafe class ScalarLinearKernel : LinearKernel
{
    public override string Name => "scalar";

    public override void Run(LinearProgram linear, int firstTile, int tileCount, in RowBatch rows, int* output, int outputStride)
    {
        int end = Math.Min((firstTile + tileCount) * LinearProgram.TileRows, linear.OutputSize);
        int k = linear.InputSize;
        for (int row = 0; row < rows.Count; row++)
        {
            byte* codes = rows.Codes + ((long)row * rows.Stride * (rows.Wide ? 2 : 1));
            for (int n = firstTile * LinearProgram.TileRows; n < end; n++)
            {
                output[((long)row * outputStride) + n] = rows.Wide
                    ? LinearLayer.WideOutput(linear, n, new(codes, k), new(codes + rows.Stride, k), rows.Sums[row], rows.Scales[row])
                    : LinearLayer.Output(linear, n, new(codes, k), rows.Sums[row], rows.Scales[row]);
            }
        }
    }
}
