using System.Runtime.Intrinsics.X86;
using MobileQuant.Programs;

namespace MobileQuant.Kernels;

/// <summary>
/// The AVX2 kernel: blocks rows, tiles and columns so that a block of weights stays in L1 while every row block passes over it.
/// A wide row is two rows of u8 codes here; they meet again in <see cref="Avx2Epilogue"/>.
/// </summary>
internal sealed unsafe class Avx2LinearKernel : LinearKernel
{
    private const int TileRows = LinearProgram.TileRows;

    /// <summary>Code rows per pass over the weights; even, so that the two halves of a wide row stay together.</summary>
    private const int ChunkRows = 128;

    /// <summary>Columns of a block when many rows share it: its weights are 8 KiB when spread, a quarter of a small L1.</summary>
    private const int S8Columns = KernelScratch.WeightBytes / (TileRows * sizeof(short));

    /// <inheritdoc cref="S8Columns"/>
    private const int S4Columns = KernelScratch.WeightBytes / TileRows;

    public override string Name => "avx2";

    public override bool IsSupported => Avx2.IsSupported;

    public override void Run(LinearProgram linear, int firstTile, int tileCount, in RowBatch rows, int* output, int outputStride)
    {
        int perRow = rows.Wide ? 2 : 1;
        int codeRows = rows.Count * perRow;
        for (int first = 0; first < codeRows; first += ChunkRows)
        {
            int count = Math.Min(ChunkRows, codeRows - first);
            int row = first / perRow;
            RowBatch chunk = new(
                rows.Codes + ((long)first * rows.Stride), rows.Stride, count / perRow, rows.Wide, rows.Scales + row, rows.Sums + row);
            RunChunk(linear, firstTile, tileCount, chunk, count, output + ((long)row * outputStride), outputStride);
        }
    }

    private static void RunChunk(
        LinearProgram linear, int firstTile, int tileCount, in RowBatch rows, int codeRows, int* output, int outputStride)
    {
        // Three rows are computed as four: the fourth repeats the third and is thrown away.
        int paddedRows = codeRows % 4 == 3 ? codeRows + 1 : codeRows;
        int groupTiles = KernelScratch.SumBytes / (paddedRows * TileRows * sizeof(int));
        int* sums = KernelScratch.Sums;
        for (int tile = firstTile; tile < firstTile + tileCount; tile += groupTiles)
        {
            int tiles = Math.Min(groupTiles, firstTile + tileCount - tile);
            new Span<int>(sums, tiles * paddedRows * TileRows).Clear();
            Accumulate(linear, tile, tiles, rows, codeRows, paddedRows, sums);
            for (int i = 0; i < tiles; i++)
            {
                Avx2Epilogue.Finish(linear, tile + i, sums + (i * paddedRows * TileRows), rows, output, outputStride);
            }
        }
    }

    private static void Accumulate(
        LinearProgram linear, int firstTile, int tiles, in RowBatch rows, int codeRows, int paddedRows, int* sums)
    {
        bool s8 = linear.Format == WeightFormat.S8;
        int length = linear.PaddedInputSize;
        int copies = s8 ? 2 : 1;
        int block = paddedRows <= 2 ? KernelScratch.InputBytes / (paddedRows * 2) : s8 ? S8Columns : S4Columns;
        byte* inputs = KernelScratch.Inputs;
        for (int k = 0; k < length; k += block)
        {
            int columns = Math.Min(block, length - k);
            for (int row = 0; row < paddedRows; row += 4)
            {
                int width = Math.Min(4, paddedRows - row);
                Avx2Inputs.Pack(linear.Format, rows.Codes + k, rows.Stride, row, width, codeRows, columns, inputs + (row * columns * copies));
            }

            int blockStride = linear.BlockSize > 0 ? SumBlocks(linear, rows, k, columns, paddedRows, codeRows) : 0;
            for (int i = 0; i < tiles; i++)
            {
                byte* weights = linear.Weights.Pointer + ((firstTile + i) * linear.TileBytes) + PackedLayout.GroupOffset(linear.Format, k);
                int* tileSums = sums + (i * paddedRows * TileRows);
                if (s8)
                {
                    MultiplyS8(weights, weights + linear.TileBytes, inputs, columns, paddedRows, tileSums);
                }
                else if (blockStride == 0)
                {
                    MultiplyS4(weights, weights + linear.TileBytes, inputs, columns, paddedRows, tileSums);
                }
                else
                {
                    MultiplyBlocks(linear, weights, inputs, blockStride, columns, paddedRows, tileSums);
                }
            }
        }
    }

    private static void MultiplyS8(byte* weights, byte* next, byte* inputs, int columns, int paddedRows, int* sums)
    {
        int row = 0;
        if (paddedRows >= 4)
        {
            short* unpacked = (short*)KernelScratch.Weights;
            Avx2DotS8.Unpack(weights, columns, unpacked);
            int slice = Slice(columns * TileRows, paddedRows);
            for (; row + 4 <= paddedRows; row += 4, next += slice)
            {
                Prefetch(next, slice);
                Avx2DotS8.FourRows(unpacked, inputs + (row * columns * 2), columns, sums + (row * TileRows));
            }
        }

        switch (paddedRows - row)
        {
            case 1:
                Avx2DotS8.OneRow(weights, inputs + (row * columns * 2), columns, sums + (row * TileRows));
                break;
            case 2:
                Avx2DotS8.TwoRows(weights, inputs + (row * columns * 2), columns, sums + (row * TileRows));
                break;
        }
    }

    private static void MultiplyS4(byte* weights, byte* next, byte* inputs, int columns, int paddedRows, int* sums)
    {
        int row = 0;
        if (paddedRows >= 4)
        {
            sbyte* unpacked = (sbyte*)KernelScratch.Weights;
            Avx2DotS4.Unpack(weights, columns, unpacked);
            int slice = Slice(columns * TileRows / 2, paddedRows);
            for (; row + 4 <= paddedRows; row += 4, next += slice)
            {
                Prefetch(next, slice);
                Avx2DotS4.FourRows(unpacked, inputs + (row * columns), columns, sums + (row * TileRows));
            }
        }

        switch (paddedRows - row)
        {
            case 1:
                Avx2DotS4.OneRow(weights, inputs + (row * columns), columns, sums + (row * TileRows));
                break;
            case 2:
                Avx2DotS4.TwoRows(weights, inputs + (row * columns), columns, sums + (row * TileRows));
                break;
        }
    }

    /// <summary>Sums the inputs over the blocks of columns; returns the elements from one row to the next, even.</summary>
    /// <remarks>Each thread does so for each layer anew: one vpsadbw in 32 columns of a row, against 16 rows of weights and more.</remarks>
    private static int SumBlocks(LinearProgram linear, in RowBatch rows, int firstColumn, int columns, int paddedRows, int codeRows)
    {
        int blocks = (columns + linear.BlockSize - 1) / linear.BlockSize;
        int stride = (blocks + 1) & ~1;
        short* sums = KernelScratch.BlockSums;
        for (int row = 0; row < paddedRows; row++)
        {
            byte* codes = rows.Codes + ((long)Math.Min(row, codeRows - 1) * rows.Stride) + firstColumn;
            Avx2DotS4Blocks.BlockSums(codes, Math.Min(columns, linear.InputSize - firstColumn), linear.BlockSize, sums + (row * stride));
        }

        return stride;
    }

    private static void MultiplyBlocks(
        LinearProgram linear, byte* weights, byte* inputs, int blockStride, int columns, int paddedRows, int* sums)
    {
        int size = linear.BlockSize;
        short* blockSums = KernelScratch.BlockSums;
        int row = 0;
        if (paddedRows >= 4)
        {
            byte* unpacked = KernelScratch.Weights;
            short* scales = KernelScratch.BlockScales;
            short* products = scales + (S4Columns / 32 * 2 * TileRows);
            int blocks = (columns + size - 1) / size;
            Avx2DotS4Blocks.Unpack(weights, columns, size, unpacked, scales, products);
            int slice = Slice((columns * TileRows / 2) + (blocks * BlockHeader.Bytes), paddedRows);
            byte* next = weights + linear.TileBytes;
            for (; row + 4 <= paddedRows; row += 4, next += slice)
            {
                Prefetch(next, slice);
                Avx2DotS4Blocks.SubtractZeros(products, blockSums + (row * blockStride), blockStride, blocks, sums + (row * TileRows));
                Avx2DotS4Blocks.FourRows(unpacked, scales, inputs + (row * columns), columns, size, sums + (row * TileRows));
            }
        }

        switch (paddedRows - row)
        {
            case 1:
                Avx2DotS4Blocks.OneRow(
                    weights, inputs + (row * columns), blockSums + (row * blockStride), columns, size, sums + (row * TileRows));
                break;
            case 2:
                Avx2DotS4Blocks.TwoRows(
                    weights, inputs + (row * columns), blockSums + (row * blockStride), blockStride, columns, size, sums + (row * TileRows));
                break;
        }
    }

    /// <summary>The part of the next block that each of the row blocks fetches ahead, in whole cache lines.</summary>
    private static int Slice(int blockBytes, int paddedRows) => ((blockBytes / (paddedRows / 4)) + 63) & ~63;

    /// <summary>
    /// Fetches weights of the next tile while this one is multiplied: blocks are too short for the processor's own
    /// prefetcher, and waiting for each cost 7 % of prefill. A prefetch past the end of the weights does nothing.
    /// </summary>
    private static void Prefetch(byte* next, int bytes)
    {
        for (int i = 0; i < bytes; i += 64)
        {
            Sse.Prefetch1(next + i);
        }
    }
}
