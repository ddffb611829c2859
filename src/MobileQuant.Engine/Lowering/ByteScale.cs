using MobileQuant.Artifacts;
using MobileQuant.Quantization;

namespace MobileQuant.Lowering;

/// <summary>Scale and zero point of a static u8 tensor.</summary>
/// <param name="Step">Real value of one code, positive.</param>
/// <param name="ZeroPoint">The code of real 0, in 0..255.</param>
internal readonly record struct ByteScale(double Step, int ZeroPoint)
{
    /// <summary>The scale of an observed range, widened to contain 0 (method.md 1.1, without its floor of 1e-5).</summary>
    public static ByteScale Of(ValueRange range)
    {
        ValueRange r = range.WithZero();
        double step = ((double)r.Maximum - r.Minimum) / 255;
        return step > 0 ? new(step, (int)Math.Clamp(Math.Round(-r.Minimum / step), 0, 255)) : new(1, 0);
    }

    /// <summary>The stored quantizer of a row in a unit: the same form as a token's, whose row scale counts 255ths of its range.</summary>
    /// <param name="unit">Real value of one step of the row.</param>
    public ManifestInput ToInput(double unit) => StaticInput.Of(Step, 255, ZeroPoint, unit);
}
