using MobileQuant.Arithmetic;
using MobileQuant.Kernels;

namespace MobileQuant.Decoding;

/// <summary>Working memory for the quantized inputs of linear layers: up to a number of rows of up to a padded length.</summary>
internal sealed unsafe class QuantizedRows : IDisposable
{
    private readonly NativeBuffer<byte> _codes;
    private readonly NativeBuffer<RowScale> _scales;
    private readonly NativeBuffer<int> _sums;

    /// <summary>Allocates.</summary>
    /// <param name="rows">Code rows; a wide row takes two.</param>
    /// <param name="length">Longest padded input.</param>
    public QuantizedRows(int rows, int length)
    {
        // A multiple of the cache line keeps rows apart when several threads write them.
        Stride = (length + 63) & ~63;
        _codes = new((long)rows * Stride);
        _scales = new(rows);
        _sums = new(rows);
    }

    public int Stride { get; }

    /// <summary>Quantizes one row as the layer's input wants it.</summary>
    public void Quantize(int index, ReadOnlySpan<int> row, InputQuantizer input)
    {
        if (input.IsWide)
        {
            RowQuantizer stored = input.Stored!.Value;
            _sums.Pointer[index] = RowKernels.QuantizeWide(row, stored.Factor, input.WideBits, High(index), Low(index));
            _scales.Pointer[index] = stored.Scale;
            return;
        }

        RowQuantizer quantizer = input.Stored ?? RowKernels.FromRow(row);
        _sums.Pointer[index] = RowKernels.Quantize(quantizer, row, _codes.Row(index, Stride));
        _scales.Pointer[index] = quantizer.Scale;
    }

    /// <summary>Quantizes one row to wide codes by a scale found from the row.</summary>
    public void QuantizeWide(int index, ReadOnlySpan<int> row, int bits) =>
        _scales.Pointer[index] = RowKernels.QuantizeWide(row, bits, High(index), Low(index), out _sums.Pointer[index]);

    /// <summary>The first rows as a batch.</summary>
    public RowBatch Batch(int count, bool wide) => new(_codes.Pointer, Stride, count, wide, _scales.Pointer, _sums.Pointer);

    public void Dispose()
    {
        _codes.Dispose();
        _scales.Dispose();
        _sums.Dispose();
    }

    private Span<byte> High(int index) => _codes.Row(2L * index, Stride);

    private Span<byte> Low(int index) => _codes.Row((2L * index) + 1, Stride);
}
