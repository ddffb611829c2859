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
        switch (linear.Format)
        {
            case WeightFormat.S8:
                Run<AdvSimdS8Weights>(linear, firstTile, tileCount, rows, output, outputStride);
                break;
            case WeightFormat.S4:
                Run<AdvSimdS4Weights>(linear, firstTile, tileCount, rows, output, outputStride);
                break;
            default:
                Run<AdvSimdNibbleWeights>(linear, firstTile, tileCount, rows, output, outputStride);
                break;
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
        int stride = rows.Stride;
        for (int tile = firstTile; tile < firstTile + tileCount; tile++)
        {
            byte* weights = linear.Weights.Pointer + (tile * linear.TileBytes);
            for (int first = 0; first < codeRows;)
            {
                byte* codes = rows.Codes + ((long)first * rows.Stride);
                int count = codeRows - first >= 4 ? 4 : Math.Min(codeRows - first, 2);
                if (linear.BlockSize == 0)
                {
                    Dot<TWeights>(count, weights, codes, stride, columns, sums);
                }
                else
                {
                    DotBlocks<TWeights>(linear, count, weights, codes, stride, sums);
                }

                for (int i = 0; i < count; i += perRow)
                {
                    AdvSimdEpilogue.Finish(linear, tile, sums + (i * TileRows), rows, (first + i) / perRow, output, outputStride);
                }

                first += count;
            }
        }
    }

    private static void Dot<TWeights>(int count, byte* weights, byte* codes, int stride, int columns, int* sums)
        where TWeights : struct, IAdvSimdWeights
    {
        switch (count)
        {
            case 1:
                TDot.OneRow<TWeights>(weights, codes, columns, sums);
                break;
            case 2:
                TDot.TwoRows<TWeights>(weights, codes, stride, columns, sums);
                break;
            default:
                TDot.FourRows<TWeights>(weights, codes, stride, columns, sums);
                break;
        }
    }

    /// <summary>Block after block by the plain dot products, each scaled into the sums.</summary>
    private static void DotBlocks<TWeights>(LinearProgram linear, int count, byte* tile, byte* codes, int stride, int* sums)
        where TWeights : struct, IAdvSimdWeights
    {
        int* dots = stackalloc int[4 * TileRows];
        new Span<int>(sums, count * TileRows).Clear();
        int size = linear.BlockSize;
        for (int k = 0; k < linear.InputSize; k += size)
        {
            Dot<TWeights>(count, tile + BlockHeader.Bytes, codes + k, stride, Math.Min(size, linear.PaddedInputSize - k), dots);
            AdvSimdBlocks.Add(tile, codes + k, stride, count, Math.Min(size, linear.InputSize - k), dots, sums);
            tile += BlockHeader.Bytes + (size * TileRows / 2);
        }
    }
}
