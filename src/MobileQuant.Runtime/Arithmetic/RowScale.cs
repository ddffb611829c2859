using System.Numerics;
using System.Runtime.InteropServices;

namespace MobileQuant.Arithmetic;

/// <summary>
/// What a quantized activation row tells the linear layer that reads it. The real value of code x is
/// <c>(x - ZeroPoint) * Multiplier * 2^(-31 - Exponent)</c> in the site's unit, which lowering folded into the channel factors.
/// </summary>
/// <param name="ZeroPoint">In 0..255 for u8 rows; 32768 for wide (s16) rows.</param>
/// <param name="Multiplier">In [2^30, 2^31).</param>
/// <param name="Exponent">In -31..31.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct RowScale(int ZeroPoint, int Multiplier, int Exponent)
{
    /// <summary>
    /// A row scale of 1.0 stands for a range of 2^28 steps, the order of a real row's, so that channel factors stay well inside
    /// the range of a normalized fixed-point factor; lowering multiplies them by 2^28 in turn.
    /// </summary>
    public const int UnitBits = 28;

    /// <summary>The scale of a row whose range has a number of integer steps: <c>steps * 2^-28</c>, exactly.</summary>
    /// <param name="zeroPoint">The row's zero point.</param>
    /// <param name="steps">In 1..2^31-1.</param>
    /// <returns>The row scale.</returns>
    public static RowScale FromSteps(int zeroPoint, int steps)
    {
        int bits = 32 - BitOperations.LeadingZeroCount((uint)steps);
        return new(zeroPoint, steps << (31 - bits), UnitBits - bits);
    }
}
