using System.Numerics;

namespace MobileQuant.Arithmetic;

/// <summary>
/// The factor and zero point that turn an s32 row into u8 codes: <c>code = clamp(scale(y) + zero, 0, 255)</c>.
/// One form serves both kinds of activations: <c>token</c> finds it from the row, <c>static</c> stores it.
/// </summary>
/// <param name="Factor">s32 row value to codes.</param>
/// <param name="Scale">What the consuming linear layer needs.</param>
public readonly record struct RowQuantizer(FixedPointFactor Factor, RowScale Scale)
{
    /// <summary>
    /// Finds scale and zero point of a row (the <c>token</c> form). The range is widened to contain 0, so that 0 is a code.
    /// </summary>
    /// <param name="row">Values with |y| &lt; 2^30, so that max - min fits s32.</param>
    /// <returns>The quantizer; see <see cref="RowScale.FromSteps"/>.</returns>
    /// <remarks>
    /// With R = max - min and b its bit length, the factor is floor(255 * 2^(22+b) / R) * 2^-(22+b):
    /// R in [2^(b-1), 2^b) puts the multiplier in [255 * 2^22, 255 * 2^23], below 2^31; 255 * 2^(22+31) &lt; 2^63.
    /// The step is R/255, so the row scale is R * 2^-28 and lowering folds the 2^28/255 into the channel factors.
    /// </remarks>
    public static RowQuantizer FromRow(ReadOnlySpan<int> row)
    {
        int minimum = 0;
        int maximum = 0;
        foreach (int y in row)
        {
            minimum = Math.Min(minimum, y);
            maximum = Math.Max(maximum, y);
        }

        return FromRange(minimum, maximum);
    }

    /// <summary><see cref="FromRow"/> when minimum and maximum are known.</summary>
    /// <param name="minimum">In (-2^30, 0].</param>
    /// <param name="maximum">In [0, 2^30).</param>
    /// <returns>The quantizer.</returns>
    public static RowQuantizer FromRange(int minimum, int maximum)
    {
        int range = maximum - minimum;
        if (range == 0)
        {
            return new(new(0, 1), new(0, 1 << 30, 0));
        }

        int bits = 32 - BitOperations.LeadingZeroCount((uint)range);
        int shift = 22 + bits;
        int multiplier = (int)((255UL << shift) / (uint)range);
        int zeroPoint = Requantize.Clamp(Requantize.Scale(-minimum, multiplier, shift), 0, 255);
        return new(new(multiplier, shift), RowScale.FromSteps(zeroPoint, range));
    }

    /// <summary>Quantizes a row and returns the sum of its codes.</summary>
    /// <param name="row">s32 values.</param>
    /// <param name="codes">At least as long as the row; elements past the row are set to 0.</param>
    /// <returns>Sum of the codes, at most 255 * length.</returns>
    public int Quantize(ReadOnlySpan<int> row, Span<byte> codes)
    {
        int sum = 0;
        for (int i = 0; i < row.Length; i++)
        {
            long code = Requantize.Scale(row[i], Factor) + Scale.ZeroPoint;
            byte clamped = (byte)Math.Clamp(code, 0, 255);
            codes[i] = clamped;
            sum += clamped;
        }

        codes[row.Length..].Clear();
        return sum;
    }
}
