using System.Numerics;

namespace MobileQuant.Arithmetic;

/// <summary>
/// Quantizes a row to signed codes of up to 16 bits with one symmetric scale, found from the row or stored, and keeps them as two
/// u8 rows (high byte, low byte) of the code plus 32768, so that the u8 kernels serve wide inputs: dot = 256 * high + low.
/// </summary>
public static class WideRowQuantizer
{
    /// <summary>The zero point of a wide row: codes are stored with 32768 added.</summary>
    public const int ZeroPoint = 32768;

    /// <summary>Quantizes a row.</summary>
    /// <param name="row">Values with |y| &lt; 2^30.</param>
    /// <param name="bits">Width of the signed codes, 9..16: largest |code| is 2^(bits-1) - 1.</param>
    /// <param name="high">High bytes; elements past the row are set to 0.</param>
    /// <param name="low">Low bytes; elements past the row are set to 0.</param>
    /// <param name="sum">Sum of the stored codes (code + 32768), at most 65535 * length.</param>
    /// <returns>The row scale; the largest magnitude takes the place of a range.</returns>
    /// <remarks>
    /// With A = max |y|, L = 2^(bits-1) - 1 and b the bit length of A, the factor is floor(L * 2^(15+b) / A) * 2^-(15+b):
    /// at most L * 2^16 &lt; 2^31.
    /// </remarks>
    public static RowScale Quantize(ReadOnlySpan<int> row, int bits, Span<byte> high, Span<byte> low, out int sum)
    {
        int largest = 0;
        foreach (int y in row)
        {
            largest = Math.Max(largest, Math.Abs(y));
        }

        (FixedPointFactor factor, RowScale scale) = FromLargest(largest, bits);
        sum = Quantize(row, factor, bits, high, low);
        return scale;
    }

    /// <summary>Quantizes a row by a factor that is known: a stored one, or the one found from the row.</summary>
    /// <param name="row">Any s32 values; codes are clamped.</param>
    /// <param name="factor">s32 row value to codes.</param>
    /// <param name="bits">Width of the signed codes, 9..16: largest |code| is 2^(bits-1) - 1.</param>
    /// <param name="high">High bytes; elements past the row are set to 0.</param>
    /// <param name="low">Low bytes; elements past the row are set to 0.</param>
    /// <returns>The sum of the stored codes (code + 32768), modulo 2^32.</returns>
    public static int Quantize(ReadOnlySpan<int> row, FixedPointFactor factor, int bits, Span<byte> high, Span<byte> low)
    {
        int limit = (1 << (bits - 1)) - 1;
        int sum = 0;
        for (int i = 0; i < row.Length; i++)
        {
            int code = Requantize.Clamp(Requantize.Scale(row[i], factor), -limit, limit) + ZeroPoint;
            high[i] = (byte)(code >> 8);
            low[i] = (byte)code;
            sum += code;
        }

        high[row.Length..].Clear();
        low[row.Length..].Clear();
        return sum;
    }

    /// <summary>The factor from row values to codes, and the row scale, of a row whose largest magnitude is known.</summary>
    internal static (FixedPointFactor Factor, RowScale Scale) FromLargest(int largest, int bits)
    {
        if (largest == 0)
        {
            return (new(0, 1), new(ZeroPoint, 1 << 30, 0));
        }

        int limit = (1 << (bits - 1)) - 1;
        int shift = 15 + 32 - BitOperations.LeadingZeroCount((uint)largest);
        return (new((int)(((ulong)limit << shift) / (uint)largest), shift), RowScale.FromSteps(ZeroPoint, largest));
    }
}
