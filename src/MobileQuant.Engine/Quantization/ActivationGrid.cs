using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Quantization;

/// <summary>
/// Rounds activations onto unsigned codes and back, in float: s = (max - min) / (2^b - 1), z = clamp(round(-min / s), 0, 2^b - 1),
/// x' = (clamp(round(x / s) + z, 0, 2^b - 1) - z) * s, over a range that contains zero, so that zero is a code.
/// </summary>
internal static class ActivationGrid
{
    /// <summary>With one range for the tensor.</summary>
    public static torch.Tensor Round(torch.Tensor x, ValueRange range, int bits)
    {
        (float scale, float zero) = Fit(range, bits);
        return scale == 0 ? torch.zeros_like(x) : x.Over(scale).round_().Increase(zero).Limit(0, Highest(bits)).Increase(-zero).Scale(scale);
    }

    /// <summary>With one symmetric range for the tensor: s = max|range| / (2^(b-1) - 1).</summary>
    public static torch.Tensor RoundSigned(torch.Tensor x, ValueRange range, int bits)
    {
        int highest = (1 << (bits - 1)) - 1;
        float scale = range.AbsoluteMaximum / highest;
        return scale > 0 ? x.Over(scale).round_().Limit(-highest, highest).Scale(scale) : torch.zeros_like(x);
    }

    /// <summary>With one range per head, x [batch, heads, tokens, size].</summary>
    public static torch.Tensor Round(torch.Tensor x, IReadOnlyList<ValueRange> heads, int bits)
    {
        (float Scale, float Zero)[] fits = [.. heads.Select(range => Fit(range, bits))];
        using torch.Tensor scale = torch.tensor(fits.Select(f => f.Scale == 0 ? 1 : f.Scale).ToArray(), [heads.Count, 1, 1], device: x.device);
        using torch.Tensor zero = torch.tensor(fits.Select(f => f.Zero).ToArray(), [heads.Count, 1, 1], device: x.device);
        return x.div(scale).round_().add_(zero).Limit(0, Highest(bits)).sub_(zero).mul_(scale);
    }

    /// <summary>With a range per token, found from the last dimension.</summary>
    public static torch.Tensor RoundTokens(torch.Tensor x, int bits)
    {
        using torch.Tensor minimum = x.amin([-1], keepdim: true).LimitAbove(0);
        using torch.Tensor maximum = x.amax([-1], keepdim: true).LimitBelow(0);
        using torch.Tensor scale = (maximum - minimum).Divide(Highest(bits)).LimitBelow(1e-30);
        using torch.Tensor zero = minimum.neg().div_(scale).round_().Limit(0, Highest(bits));
        return x.div(scale).round_().add_(zero).Limit(0, Highest(bits)).sub_(zero).mul_(scale);
    }

    /// <summary>Symmetric over the last dimension: codes in [-127, 127] for 8 bits.</summary>
    public static torch.Tensor RoundRows(torch.Tensor x, int bits)
    {
        int highest = (1 << (bits - 1)) - 1;
        using torch.Tensor magnitude = x.abs();
        using torch.Tensor scale = magnitude.amax([-1], keepdim: true).Divide(highest).LimitBelow(1e-30);
        return x.div(scale).round_().Limit(-highest, highest).mul_(scale);
    }

    private static int Highest(int bits) => (1 << bits) - 1;

    private static (float Scale, float Zero) Fit(ValueRange range, int bits)
    {
        ValueRange r = range.WithZero();
        float scale = (r.Maximum - r.Minimum) / Highest(bits);
        return scale > 0 ? (scale, Math.Clamp(MathF.Round(-r.Minimum / scale), 0, Highest(bits))) : (0, 0);
    }
}
