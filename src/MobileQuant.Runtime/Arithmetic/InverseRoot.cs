using System.Numerics;

namespace MobileQuant.Arithmetic;

/// <summary>The reciprocal root mean square of a row, which both norms scale by.</summary>
internal static class InverseRoot
{
    /// <summary>The largest row length for which the bounds hold.</summary>
    public const int MaximumSize = 1 << 14;

    /// <summary>Bits of the largest shifted element of a sum of squares: with H at most 2^14, 2 H squares stay at or below 2^61.</summary>
    public const int SquareBits = 23;

    /// <summary>Fraction bits of a normalized row before the gain: 28 - ceil(log2(H) / 2), so that |x/rms| &lt;= sqrt(H) fits 2^28.</summary>
    /// <param name="size">H.</param>
    /// <returns>In 21..28.</returns>
    public static int FractionBits(int size) => 28 - ((BitOperations.Log2((uint)(size - 1)) + 2) / 2);

    /// <summary><c>sqrt(size / sum) * 2^(FractionBits(size) - shift)</c>, good to 2^-29 relative.</summary>
    /// <param name="sum">Sum of the squares of elements shifted right by <paramref name="shift"/>, in 1..2^61.</param>
    /// <param name="size">H.</param>
    /// <param name="shift">Bits that the elements are to be shifted back; negative to the right.</param>
    /// <returns>The factor for elements; its multiplier is in [2^29, 2^31).</returns>
    public static FixedPointFactor Of(long sum, int size, int shift)
    {
        // sum = q * 2^-even with q in [2^60, 2^62); 1/sqrt(sum) = 2^(even/2) * reciprocal * 2^-61.
        int even = (BitOperations.LeadingZeroCount((ulong)sum) - 2) & ~1;
        ulong root = IntegerMath.SquareRoot((ulong)sum << even);
        long reciprocal = (long)(((1UL << 61) + (root >> 1)) / root);

        // sqrt(H) = sizeRoot * 2^-sizeShift, sizeRoot in [2^30, 2^31).
        int sizeShift = (BitOperations.LeadingZeroCount((ulong)size) - 2) >> 1;
        long sizeRoot = IntegerMath.SquareRoot((ulong)size << (2 * sizeShift));

        int multiplier = (int)((((ulong)reciprocal * (ulong)sizeRoot) + (1UL << 30)) >> 31);
        return new(multiplier, 30 - FractionBits(size) + sizeShift - (even / 2) + shift);
    }

    /// <summary>A value divided by a power of two, halves rounded toward plus infinity; multiplied by one where the shift is negative.</summary>
    /// <param name="value">Any value that the shift keeps in s64.</param>
    /// <param name="shift">Bits to the right.</param>
    /// <returns>The shifted value.</returns>
    public static long ShiftRounded(long value, int shift) =>
        shift <= 0 ? value << -shift : (value + (1L << (shift - 1))) >> shift;
}
