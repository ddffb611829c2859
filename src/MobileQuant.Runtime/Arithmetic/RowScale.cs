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
    /// <summary>The scale of an integer step count, exactly: <c>value = Multiplier * 2^(-31 - Exponent)</c>.</summary>
    /// <param name="zeroPoint">The row's zero point.</param>
    /// <param name="value">In 1..2^31-1.</param>
    /// <returns>The row scale.</returns>
    public static RowScale FromInteger(int zeroPoint, int value)
    {
        int bits = 32 - BitOperations.LeadingZeroCount((uint)value);
        return new(zeroPoint, value << (31 - bits), -bits);
    }
}
