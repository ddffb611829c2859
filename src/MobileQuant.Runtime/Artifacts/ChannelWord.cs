using MobileQuant.Arithmetic;

namespace MobileQuant.Artifacts;

/// <summary>
/// A channel's factor in 32 bits: the multiplier's upper 26 bits above its 6-bit shift. Five bytes a channel would cost a small
/// model more than the precision is worth: 2^-26 relative, against 8-bit weights.
/// </summary>
public static class ChannelWord
{
    private const int DroppedBits = 5;

    /// <summary>Packs a factor; its multiplier is rounded to 26 bits.</summary>
    /// <param name="factor">Normalized, or zero.</param>
    /// <returns>The word.</returns>
    public static uint Pack(FixedPointFactor factor)
    {
        long mantissa = (factor.Multiplier + (1L << (DroppedBits - 1))) >> DroppedBits;
        int shift = factor.Shift;
        if (mantissa == 1 << 26)
        {
            // Rounded up to 2^31: halve it.
            mantissa >>= 1;
            shift--;
        }

        return (uint)((mantissa << 6) | (long)shift);
    }

    /// <summary>Unpacks a word.</summary>
    /// <param name="word">The word.</param>
    /// <returns>The factor; its shift may be out of range in a damaged file.</returns>
    public static FixedPointFactor Unpack(uint word) => new((int)((word >> 6) << DroppedBits), (int)(word & 63));
}
