using System.Runtime.CompilerServices;
using MobileQuant.Arithmetic;
using MobileQuant.Programs;

namespace MobileQuant.Kernels;

/// <summary>The portable kernel: plain C#, walking a tile's bytes in the order in which they lie.</summary>
internal sealed unsafe class ScalarLinearKernel : LinearKernel
{
    private const int TileRows = LinearProgram.TileRows;

    public override string Name => "scalar";

    public override bool IsSupported => true;

    public override void Run(LinearProgram linear, int firstTile, int tileCount, in RowBatch rows, int* output, int outputStride)
    {
        int* dots = stackalloc int[TileRows];
        int* lowDots = stackalloc int[TileRows];
        int codeRows = rows.Wide ? 2 : 1;
        for (int tile = firstTile; tile < firstTile + tileCount; tile++)
        {
            byte* weights = linear.Weights.Pointer + (tile * linear.TileBytes);
            int n = tile * TileRows;
            int channels = Math.Min(TileRows, linear.OutputSize - n);
            for (int row = 0; row < rows.Count; row++)
            {
                byte* codes = rows.Codes + ((long)row * rows.Stride * codeRows);
                Dot(linear, weights, codes, dots);
                if (rows.Wide)
                {
                    Dot(linear, weights, codes + rows.Stride, lowDots);
                    for (int i = 0; i < TileRows; i++)
                    {
                        dots[i] = unchecked((256 * dots[i]) + lowDots[i]);
                    }
                }

                int* destination = output + ((long)row * outputStride) + n;
                for (int i = 0; i < channels; i++)
                {
                    destination[i] = LinearLayer.Finish(linear, n + i, dots[i], rows.Sums[row], rows.Scales[row]);
                }
            }
        }
    }

    private static void Dot(LinearProgram linear, byte* weights, byte* codes, int* dots)
    {
        new Span<int>(dots, TileRows).Clear();
        switch (linear.Format)
        {
            case WeightFormat.S8:
                DotS8((sbyte*)weights, codes, linear.PaddedInputSize, dots);
                break;
            case WeightFormat.S4:
                DotS4(weights, codes, linear.PaddedInputSize, dots);
                break;
            default:
                DotBlocks(linear, weights, codes, dots);
                break;
        }
    }

    private static void DotBlocks(LinearProgram linear, byte* tile, byte* codes, int* dots)
    {
        int* block = stackalloc int[TileRows];
        int size = linear.BlockSize;
        for (int k = 0; k < linear.InputSize; k += size, tile += BlockHeader.Bytes + (size * TileRows / 2))
        {
            int sum = 0;
            foreach (byte code in new ReadOnlySpan<byte>(codes + k, Math.Min(size, linear.InputSize - k)))
            {
                sum += code;
            }

            // Padding has nibble 0, which is code -8: x is 0 there.
            new Span<int>(block, TileRows).Clear();
            DotS4(tile + BlockHeader.Bytes, codes + k, Math.Min(size, linear.PaddedInputSize - k), block);
            for (int row = 0; row < TileRows; row++)
            {
                (int scale, int zero) = BlockHeader.Get(new(tile, BlockHeader.Bytes), row);
                dots[row] = unchecked(dots[row] + (scale * (block[row] - (zero * sum))));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotS8(sbyte* weights, byte* codes, int length, int* dots)
    {
        for (int k = 0; k < length; k += 4)
        {
            int x0 = codes[k];
            int x1 = codes[k + 1];
            int x2 = codes[k + 2];
            int x3 = codes[k + 3];
            for (int row = 0; row < TileRows; row++, weights += 4)
            {
                dots[row] += (weights[0] * x0) + (weights[1] * x1) + (weights[2] * x2) + (weights[3] * x3);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotS4(byte* weights, byte* codes, int length, int* dots)
    {
        for (int k = 0; k < length; k += 8)
        {
            // Nibbles are codes plus 8: the eight are taken off at once, over the sum of these x.
            int offset = 0;
            for (int i = 0; i < 8; i++)
            {
                offset += codes[k + i];
            }

            offset *= 8;
            for (int row = 0; row < TileRows; row++, weights += 4)
            {
                int dot = -offset;
                for (int i = 0; i < 4; i++)
                {
                    dot += ((weights[i] & 15) * codes[k + i]) + ((weights[i] >> 4) * codes[k + 4 + i]);
                }

                dots[row] += dot;
            }
        }
    }
}
