using System.Numerics;

namespace MobileQuant.Arithmetic;

/// <summary>Integer functions that .NET has only in floating point.</summary>
public static class IntegerMath
{
    /// <summary>Number of bits of a value: 0 for 0, else floor(log2) + 1.</summary>
    /// <param name="value">Any value.</param>
    /// <returns>In 0..64.</returns>
    public static int BitLength(ulong value) => 64 - BitOperations.LeadingZeroCount(value);

    /// <summary>floor(sqrt(value)), by Newton's iteration from above.</summary>
    /// <param name="value">Any value.</param>
    /// <returns>In 0..2^32-1.</returns>
    public static uint SquareRoot(ulong value)
    {
        if (value == 0)
        {
            return 0;
        }

        // Starting at or above the root, the sequence falls until it reaches the floor.
        ulong x = 1UL << ((BitLength(value) + 1) / 2);
        while (true)
        {
            ulong next = (x + (value / x)) >> 1;
            if (next >= x)
            {
                return (uint)Math.Min(x, uint.MaxValue);
            }

            x = next;
        }
    }
}
