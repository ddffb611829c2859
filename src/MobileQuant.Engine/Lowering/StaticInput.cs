using MobileQuant.Arithmetic;
using MobileQuant.Artifacts;

namespace MobileQuant.Lowering;

/// <summary>Makes stored quantizers of rows, which have the form of those that are found from a row.</summary>
internal static class StaticInput
{
    /// <summary>The quantizer of a scale.</summary>
    /// <param name="step">Real value of one code, positive.</param>
    /// <param name="codes">The number of steps that the row scale counts as one range: 255, or the largest code of a wide row.</param>
    /// <param name="zeroPoint">The code of real 0.</param>
    /// <param name="unit">Real value of one step of the row.</param>
    /// <param name="wideBits">0, or the width of signed codes.</param>
    public static ManifestInput Of(double step, int codes, int zeroPoint, double unit, int wideBits = 0)
    {
        double range = Math.ScaleB(step * codes / unit, -RowScale.UnitBits);
        int exponent = Math.ILogB(range) + 1;
        long multiplier = (long)Math.Round(Math.ScaleB(range, 31 - exponent));
        if (multiplier == 1L << 31)
        {
            multiplier >>= 1;
            exponent++;
        }

        return new(FixedPointFactor.FromDouble(unit / step), new(zeroPoint, (int)multiplier, -exponent), wideBits);
    }
}
