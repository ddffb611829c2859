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
/// with [lo, hi] = [-127, 127] for 8 bits (asymmetric and symmetric) and [-8, 7] for 4; rounding is half to even.
/// </summary>
public static class WeightQuantizer
{
    /// <summary>Quantizes a matrix.</summary>
    /// <param name="weight">float32 [rows, columns], contiguous.</param>
    /// <param name="scheme">Width, grid and which weights share a scale.</param>
    /// <returns>The codes.</returns>
    public static QuantizedWeight Quantize(torch.Tensor weight, WeightScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(weight);
        int rows = checked((int)weight.shape[0]);
        int columns = checked((int)weight.shape[1]);
        WeightGrid grid = WeightGrid.Of(scheme.Bits, scheme.Symmetry);
        sbyte[] codes = new sbyte[(long)rows * columns];
        float[] scales = new float[rows];
        sbyte[] zeros = new sbyte[rows];
        ValueRange whole = scheme.Granularity == WeightGranularity.Tensor ? RangeOf(weight, 0, rows) : default;
        for (int row = 0; row < rows; row++)
        {
            using torch.Tensor view = weight.narrow(0, row, 1);
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(view.bytes);
            ValueRange range = scheme.Granularity == WeightGranularity.Tensor ? whole : RangeOf(values);
            (scales[row], zeros[row]) = grid.Fit(range);
            grid.Round(values, scales[row], zeros[row], codes.AsSpan(checked((int)((long)row * columns)), columns));
        }

        return new()
        {
            Bits = scheme.Bits,
            Rows = rows,
            Columns = columns,
            Codes = codes,
            Scales = scales,
            ZeroPoints = grid.IsSymmetric ? null : zeros,
        };
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
            Span<float> values = MemoryMarshal.Cast<byte, float>(view.bytes);
            ReadOnlySpan<sbyte> codes = weight.Codes.AsSpan(row * weight.Columns, weight.Columns);
            int zero = weight.ZeroPoints?[row] ?? 0;
            float scale = weight.Scales[row];
            for (int k = 0; k < codes.Length; k++)
            {
                values[k] = (codes[k] - zero) * scale;
            }
        }
    }

    private static ValueRange RangeOf(torch.Tensor weight, int first, int rows)
    {
        ValueRange range = ValueRange.Empty;
        for (int row = first; row < first + rows; row++)
        {
            using torch.Tensor view = weight.narrow(0, row, 1);
            range = range.Union(RangeOf(MemoryMarshal.Cast<byte, float>(view.bytes)));
        }

        return range;
    }

    private static ValueRange RangeOf(ReadOnlySpan<float> values)
    {
        float minimum = float.PositiveInfinity;
        float maximum = float.NegativeInfinity;
        foreach (float value in values)
        {
            minimum = Math.Min(minimum, value);
            maximum = Math.Max(maximum, value);
        }

        return new(minimum, maximum);
    }
}
