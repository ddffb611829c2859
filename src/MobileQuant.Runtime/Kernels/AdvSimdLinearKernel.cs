using MobileQuant.Programs;

namespace MobileQuant.Kernels;

/// <summary>The Arm kernel: up to four code rows per pass over a tile. A wide row is two code rows.</summary>
/// <typeparam name="TDot">The instructions that multiply.</typeparam>
internal sealed unsafe class AdvSimdLinearKernel<TDot>(string name) : LinearKernel
    where TDot : struct, IAdvSimdDot
{
    private const int TileRows = LinearProgram.TileRows;

    public override string Name => name;

    public override bool IsSupported => TDot.IsSupported;

    public override void Run(LinearProgram linear, int firstTile, int tileCount, in RowBatch rows, int* output, int outputStride)
    {
        if (linear.Format == WeightFormat.S8)
        {
            Run<AdvSimdS8Weights>(linear, firstTile, tileCount, rows, output, outputStride);
        }
        else
        {
            Run<AdvSimdS4Weights>(linear, firstTile, tileCount, rows, output, outputStride);
        }
    }

    private static void Run<TWeights>(
        LinearProgram linear, int firstTile, int tileCount, in RowBatch rows, int* output, int outputStride)
        where TWeights : struct, IAdvSimdWeights
    {
        int* sums = stackalloc int[4 * TileRows];
        int perRow = rows.Wide ? 2 : 1;
        int codeRows = rows.Count * perRow;
        int columns = linear.PaddedInputSize;
        for (int tile = firstTile; tile < firstTile + tileCount; tile++)
        {
            byte* weights = linear.Weights.Pointer + (tile * linear.TileBytes);
            for (int first = 0; first < codeRows;)
            {
                byte* codes = rows.Codes + ((long)first * rows.Stride);
                int count = Math.Min(codeRows - first, 4);
                switch (count)
                {
                    case 1:
                        TDot.OneRow<TWeights>(weights, codes, columns, sums);
                        break;
                    case < 4:
                        count = 2;
                        TDot.TwoRows<TWeights>(weights, codes, rows.Stride, columns, sums);
                        break;
                    default:
                        TDot.FourRows<TWeights>(weights, codes, rows.Stride, columns, sums);
                        break;
                }

                for (int i = 0; i < count; i += perRow)
                {
                    AdvSimdEpilogue.Finish(linear, tile, sums + (i * TileRows), rows, (first + i) / perRow, output, outputStride);
                }

                first += count;
            }
        }
    }
}
