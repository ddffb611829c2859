using System.Runtime.Intrinsics.X86;
using MobileQuant.Arithmetic;
using MobileQuant.Programs;

namespace MobileQuant.Kernels;

/// <summary>Norms and row quantization for speed: equal to <see cref="Normalization"/>, <see cref="RowQuantizer"/> and <see cref="WideRowQuantizer"/> bit for bit.</summary>
internal static class RowKernels
{
    /// <summary><see cref="Normalization.Apply"/>.</summary>
    /// <param name="row">s32 residual codes, at least one.</param>
    /// <param name="norm">What to compute.</param>
    /// <param name="output">Receives as many values.</param>
    public static void Normalize(ReadOnlySpan<int> row, NormProgram norm, Span<int> output)
    {
        if (!Avx2.IsSupported)
        {
            Normalization.Apply(row, norm, output);
        }
        else if (norm.Form == NormForm.Layer)
        {
            Avx2NormKernels.Layer(row, norm, output);
        }
        else
        {
            Avx2NormKernels.RootMeanSquare(row, norm, output);
        }
    }

    /// <summary><see cref="RowQuantizer.FromRow"/>.</summary>
    /// <param name="row">Values with |y| &lt; 2^30.</param>
    /// <returns>The quantizer of the row.</returns>
    public static RowQuantizer FromRow(ReadOnlySpan<int> row)
    {
        if (!Avx2.IsSupported)
        {
            return RowQuantizer.FromRow(row);
        }

        (int minimum, int maximum) = Avx2RowKernels.Range(row);
        return RowQuantizer.FromRange(minimum, maximum);
    }

    /// <summary><see cref="RowQuantizer.Quantize"/>.</summary>
    /// <param name="quantizer">The row's quantizer.</param>
    /// <param name="row">Any s32 values.</param>
    /// <param name="codes">At least as long as the row; elements past the row are set to 0.</param>
    /// <returns>Sum of the codes.</returns>
    public static int Quantize(RowQuantizer quantizer, ReadOnlySpan<int> row, Span<byte> codes)
    {
        if (!Avx2.IsSupported)
        {
            return quantizer.Quantize(row, codes);
        }

        int sum = Avx2RowKernels.Quantize(quantizer, row, codes[..row.Length]);
        codes[row.Length..].Clear();
        return sum;
    }

    /// <summary><see cref="WideRowQuantizer"/> with the scale of the row itself.</summary>
    /// <param name="row">Values with |y| &lt; 2^30.</param>
    /// <param name="bits">Width of the signed codes, 9..16.</param>
    /// <param name="high">High bytes; elements past the row are set to 0.</param>
    /// <param name="low">Low bytes; elements past the row are set to 0.</param>
    /// <param name="sum">Sum of the stored codes.</param>
    /// <returns>The row scale.</returns>
    public static RowScale QuantizeWide(ReadOnlySpan<int> row, int bits, Span<byte> high, Span<byte> low, out int sum)
    {
        if (!Avx2.IsSupported)
        {
            return WideRowQuantizer.Quantize(row, bits, high, low, out sum);
        }

        (int minimum, int maximum) = Avx2RowKernels.Range(row);
        (FixedPointFactor factor, RowScale scale) = WideRowQuantizer.FromLargest(Math.Max(-minimum, maximum), bits);
        sum = QuantizeWide(row, factor, bits, high, low);
        return scale;
    }

    /// <summary><see cref="WideRowQuantizer"/> with a stored factor.</summary>
    /// <param name="row">Any s32 values.</param>
    /// <param name="factor">s32 row value to codes.</param>
    /// <param name="bits">Width of the signed codes, 9..16.</param>
    /// <param name="high">High bytes; elements past the row are set to 0.</param>
    /// <param name="low">Low bytes; elements past the row are set to 0.</param>
    /// <returns>Sum of the stored codes, modulo 2^32.</returns>
    public static int QuantizeWide(ReadOnlySpan<int> row, FixedPointFactor factor, int bits, Span<byte> high, Span<byte> low)
    {
        if (!Avx2.IsSupported)
        {
            return WideRowQuantizer.Quantize(row, factor, bits, high, low);
        }

        int sum = Avx2RowKernels.QuantizeWide(row, factor, bits, high[..row.Length], low[..row.Length]);
        high[row.Length..].Clear();
        low[row.Length..].Clear();
        return sum;
    }
}
