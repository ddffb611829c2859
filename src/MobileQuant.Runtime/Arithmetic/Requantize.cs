using System.Runtime.CompilerServices;

namespace MobileQuant.Arithmetic;

/// <summary>
/// A fixed-point factor: <c>Multiplier * 2^-Shift</c>, with Multiplier in [2^29, 2^31) or 0, and Shift in 1..62.
/// The only way in which this runtime scales a number.
/// </summary>
/// <param name="Multiplier">In [2^29, 2^31), or 0 for a factor of zero.</param>
/// <param name="Shift">In 1..62.</param>
public readonly record struct FixedPointFactor(int Multiplier, int Shift)
{
    /// <summary>The nearest factor to <paramref name="value"/>. Build-time only: the inference path never sees a double.</summary>
    /// <param name="value">Zero, or in [2^-32, 2^30).</param>
    /// <exception cref="ArgumentOutOfRangeException">Not representable.</exception>
    public static FixedPointFactor FromDouble(double value)
    {
        if (value == 0)
        {
            return new(0, 1);
        }

        if (!(value > 0) || double.IsInfinity(value))
        {
            throw new ArgumentOutOfRangeException(nameof(value), value, "a fixed-point factor is positive and finite");
        }

        // value = f * 2^e with f in [0.5, 1): multiplier = round(f * 2^31) in [2^30, 2^31], shift = 31 - e.
        int exponent = Math.ILogB(value) + 1;
        long multiplier = (long)Math.Round(Math.ScaleB(value, 31 - exponent), MidpointRounding.AwayFromZero);
        if (multiplier == 1L << 31)
        {
            multiplier >>= 1;
            exponent++;
        }

        int shift = 31 - exponent;
        if (shift > 62)
        {
            // Too small for a normalized multiplier: shift it out, down to zero.
            multiplier = shift - 62 > 31 ? 0 : multiplier >> (shift - 62);
            shift = 62;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(shift, 1, nameof(value));
        return new((int)multiplier, shift);
    }

    /// <summary>The factor as a double, for reports.</summary>
    public double ToDouble() => Math.ScaleB(Multiplier, -Shift);
}

/// <summary>Requantization: the rounding rule of the whole runtime, written once.</summary>
public static class Requantize
{
    /// <summary>
    /// <c>(value * multiplier + 2^(shift-1)) &gt;&gt; shift</c> in 64 bits: one rounding, halves toward plus infinity.
    /// </summary>
    /// <param name="value">Any s32.</param>
    /// <param name="multiplier">In [0, 2^31).</param>
    /// <param name="shift">In 1..62.</param>
    /// <returns>The scaled value; |result| &lt; 2^61, callers clamp it.</returns>
    /// <remarks>|value * multiplier| is at most 2^31 * (2^31 - 1) &lt; 2^62, so adding 2^61 stays below 2^63.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Scale(int value, int multiplier, int shift) =>
        (((long)value * multiplier) + (1L << (shift - 1))) >> shift;

    /// <summary><see cref="Scale(int, int, int)"/> by a factor.</summary>
    /// <param name="value">Any s32.</param>
    /// <param name="factor">The factor.</param>
    /// <returns>The scaled value.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Scale(int value, FixedPointFactor factor) => Scale(value, factor.Multiplier, factor.Shift);

    /// <summary>Folds a row's factor into a channel's multiplier: <c>(channel * row + 2^30) &gt;&gt; 31</c>.</summary>
    /// <param name="channelMultiplier">In [2^30, 2^31), or 0.</param>
    /// <param name="rowMultiplier">In [2^30, 2^31).</param>
    /// <returns>In [2^29, 2^31), or 0.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Fold(int channelMultiplier, int rowMultiplier) =>
        (int)((((long)channelMultiplier * rowMultiplier) + (1L << 30)) >> 31);

    /// <summary>The shift that goes with <see cref="Fold"/>: the channel's shift plus the row's exponent, held in 1..62.</summary>
    /// <param name="channelShift">In 1..62.</param>
    /// <param name="rowExponent">In -31..31.</param>
    /// <returns>In 1..62.</returns>
    /// <remarks>Lowering proves the lower bound; at the upper bound the result is a fraction of a code and rounds to 0 or 1.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FoldShift(int channelShift, int rowExponent) => Math.Clamp(channelShift + rowExponent, 1, 62);

    /// <summary>Clamps a scaled value into s32 bounds.</summary>
    /// <param name="value">A scaled value.</param>
    /// <param name="minimum">Lower bound.</param>
    /// <param name="maximum">Upper bound.</param>
    /// <returns>The value within the bounds.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Clamp(long value, int minimum, int maximum) => (int)Math.Clamp(value, minimum, maximum);
}
