using System.Runtime.InteropServices;
using TorchSharp;

namespace MobileQuant.Quantization;

/// <summary>
/// Rounds weights to integers: the one place where weight codes come from.
/// <code>
/// symmetric:  s = max|w| / (2^(b-1) - 1),                z = 0
/// asymmetric: s = (max(w,0) - min(w,0)) / (hi - lo),     z = clamp(round(lo - min(w,0)/s), lo, hi)
/// code = clamp(round(w / s) + z, lo, hi)
/// </code>
/// per row or matrix, or per block with s a whole multiple of the row's scale (<see cref="BlockFit"/>),
/// and [lo, hi] = [-127, 127] for 8 bits (asymmetric and symmetric) and [-8, 7] for 4; rounding is half to even.
/// </summary>
public static class WeightQuantizer
{
    /// <summary>Quantizes a matrix: every weight to its nearest code.</summary>
    /// <param name="weight">float32 [rows, columns], contiguous.</param>
    /// <param name="scheme">Width, grid and which weights share a scale.</param>
    /// <param name="clip">What the grid covers; null: the weights' own ranges.</param>
    /// <returns>The codes.</returns>
    public static QuantizedWeight Quantize(torch.Tensor weight, WeightScheme scheme, WeightClip? clip = null)
    {
        FittedGrid grid = FitGrid(weight, scheme, clip);
        for (int row = 0; row < grid.Rows; row++)
        {
            using torch.Tensor view = weight.narrow(0, row, 1);
            grid.RoundRow(row, MemoryMarshal.Cast<byte, float>(view.bytes));
        }

        return grid.ToWeight();
    }

    /// <summary>Fixes the scales and zero points of a matrix, for a step that rounds its weights itself.</summary>
    /// <param name="weight">float32 [rows, columns], contiguous.</param>
    /// <param name="scheme">Width, grid and which weights share a scale; blocks are of 4 bits, with one channel scale per row.</param>
    /// <param name="clip">What the grid covers; null: the weights' own ranges.</param>
    /// <returns>The grid, without codes.</returns>
    /// <exception cref="ArgumentException">Blocks of other widths, or with a scale per tensor; a clip of another size.</exception>
    public static FittedGrid FitGrid(torch.Tensor weight, WeightScheme scheme, WeightClip? clip = null)
    {
        ArgumentNullException.ThrowIfNull(weight);
        int rows = checked((int)weight.shape[0]);
        int columns = checked((int)weight.shape[1]);
        WeightGrid grid = WeightGrid.Of(scheme.Bits, scheme.Symmetry);
        float[] scales = new float[rows];
        sbyte[] zeros = new sbyte[rows];
        if (scheme.BlockSize != 0)
        {
            return FitBlocks(weight, scheme, grid, scales, clip);
        }

        bool perTensor = scheme.Granularity == WeightGranularity.Tensor;
        RequireSize(clip, perTensor ? 1 : rows);
        ValueRange whole = perTensor ? clip?[0] ?? RangeOf(weight, rows) : default;
        for (int row = 0; row < rows; row++)
        {
            using torch.Tensor view = weight.narrow(0, row, 1);
            ValueRange range = perTensor ? whole : clip?[row] ?? ValueRange.Of(MemoryMarshal.Cast<byte, float>(view.bytes));
            (scales[row], zeros[row]) = grid.Fit(range);
        }

        return new(scheme, rows, columns, scales, grid.IsSymmetric ? null : zeros, null, null);
    }

    /// <summary>The real values of the codes.</summary>
    /// <param name="weight">Codes, scales and zero points.</param>
    /// <param name="destination">float32 [rows, columns], contiguous; overwritten.</param>
    public static void Dequantize(QuantizedWeight weight, torch.Tensor destination)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(destination);
        for (int row = 0; row < weight.Rows; row++)
        {
            using torch.Tensor view = destination.narrow(0, row, 1);
            DequantizeRow(weight, row, weight.Scales[row], MemoryMarshal.Cast<byte, float>(view.bytes));
        }
    }

    /// <summary>The real values of one row's codes under a scale.</summary>
    /// <param name="weight">Codes, block scales and zero points.</param>
    /// <param name="row">Which row.</param>
    /// <param name="scale">Instead of the row's own.</param>
    /// <param name="values">[columns]; overwritten.</param>
    internal static void DequantizeRow(QuantizedWeight weight, int row, float scale, Span<float> values)
    {
        ReadOnlySpan<sbyte> codes = weight.Codes.AsSpan(row * weight.Columns, weight.Columns);
        int length = weight.BlockSize == 0 ? codes.Length : weight.BlockSize;
        for (int first = 0, block = row * ((codes.Length + length - 1) / length); first < codes.Length; first += length, block++)
        {
            // The same float operations as FittedGrid.Round: the error fed back is that of the real value used here.
            float step = weight.BlockScales is { } scales ? scales[block] * scale : scale;
            int zero = weight.BlockScales is null ? weight.ZeroPoints?[row] ?? 0 : weight.BlockZeroPoints?[block] ?? 0;
            for (int k = first; k < Math.Min(first + length, codes.Length); k++)
            {
                values[k] = (codes[k] - zero) * step;
            }
        }
    }

    private static FittedGrid FitBlocks(torch.Tensor weight, WeightScheme scheme, WeightGrid grid, float[] scales, WeightClip? clip)
    {
        if (scheme.Bits != 4 || scheme.Granularity != WeightGranularity.Channel || scheme.BlockSize is not (32 or 64))
        {
            throw new ArgumentException($"blocks of 64 or 32 have 4 bits and a scale per channel, not {scheme}", nameof(scheme));
        }

        int columns = checked((int)weight.shape[1]);
        int blocks = (columns + scheme.BlockSize - 1) / scheme.BlockSize;
        byte[] blockScales = new byte[(long)scales.Length * blocks];
        sbyte[] blockZeros = new sbyte[blockScales.LongLength];
        RequireSize(clip, blockScales.Length);
        float[] clipped = new float[clip is null ? 0 : columns];
        for (int row = 0; row < scales.Length; row++)
        {
            using torch.Tensor view = weight.narrow(0, row, 1);
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(view.bytes);
            if (clip is not null)
            {
                Clamp(values, clip, row * blocks, scheme.BlockSize, clipped);
                values = clipped;
            }

            scales[row] = BlockFit.Row(
                grid,
                values,
                scheme.BlockSize,
                blockScales.AsSpan(row * blocks, blocks),
                blockZeros.AsSpan(row * blocks, blocks));
        }

        return new(scheme, scales.Length, columns, scales, null, blockScales, grid.IsSymmetric ? null : blockZeros);
    }

    private static void Clamp(ReadOnlySpan<float> values, WeightClip clip, int firstBlock, int blockSize, Span<float> clamped)
    {
        for (int k = 0; k < values.Length; k++)
        {
            ValueRange range = clip[firstBlock + (k / blockSize)];
            clamped[k] = Math.Clamp(values[k], range.Minimum, range.Maximum);
        }
    }

    private static void RequireSize(WeightClip? clip, int scales)
    {
        if (clip is not null && (clip.Minimum.Length != scales || clip.Maximum.Length != scales))
        {
            throw new ArgumentException($"the clip has {clip.Minimum.Length} ranges, and the scheme {scales} scales", nameof(clip));
        }
    }

    private static ValueRange RangeOf(torch.Tensor weight, int rows)
    {
        ValueRange range = ValueRange.Empty;
        for (int row = 0; row < rows; row++)
        {
            using torch.Tensor view = weight.narrow(0, row, 1);
            range = range.Union(ValueRange.Of(MemoryMarshal.Cast<byte, float>(view.bytes)));
        }

        return range;
    }
}
