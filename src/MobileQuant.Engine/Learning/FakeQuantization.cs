using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>
/// <see cref="RangeFunction"/> and <see cref="TokenFunction"/> out of torch's own operations, for devices whose memory C# does not
/// see. With r = round(x / s), q = clamp(r, lowest, highest) and k = [q = r] it returns
/// <code>
/// x k + (q s - x k) + k (r - x / s) a + [r &lt; lowest] b + [r > highest] c
/// </code>
/// where the bracket is a constant, and a, b, c are zeros whose gradients are then the sums of <see cref="RangeGradient"/>.
/// </summary>
internal static class FakeQuantization
{
    private const double SmallestStep = 1e-30;

    /// <summary>With ranges that are the same for all tokens.</summary>
    /// <param name="x">[batch, groups, ...], or anything where there is one group.</param>
    /// <param name="grid">[3, groups]: step (0: a range of nothing), lowest and highest code without the zero point.</param>
    /// <param name="sums">[3, groups]: zeros, which gather the sums inside, below and above.</param>
    public static torch.Tensor Ranges(torch.Tensor x, torch.Tensor grid, torch.Tensor sums)
    {
        torch.Tensor Row(torch.Tensor table, int row) => grid.shape[1] == 1 ? table[row] : table[row].view([-1, .. Enumerable.Repeat(1L, (int)x.Dimensions - 2)]);
        using torch.Tensor step = Row(grid, 0);
        using torch.Tensor nothing = step.eq(torch.zeros_like(step));
        using torch.Tensor divisor = step + nothing.to(torch.float32);
        Pieces pieces = Pieces.Of(x, divisor, Row(grid, 1), Row(grid, 2));

        // A range of nothing: all is zero, and so are gradients.
        using torch.Tensor something = nothing.logical_not().to(torch.float32);
        torch.Tensor result = pieces.Pass(x) + (pieces.Inside * Row(sums, 0)) + (pieces.Below * Row(sums, 1)) + (pieces.Above * Row(sums, 2));
        return result * something;
    }

    /// <summary>With a range per token, found from the last dimension; gradients go on to its smallest and largest value.</summary>
    public static torch.Tensor Tokens(torch.Tensor x, int bits)
    {
        int codes = (1 << bits) - 1;
        torch.Tensor minimum = Extreme(x, x.argmin(-1, keepdim: true)).clamp_max(0);
        torch.Tensor maximum = Extreme(x, x.argmax(-1, keepdim: true)).clamp_min(0);
        torch.Tensor step;
        Pieces pieces;
        using (torch.no_grad())
        {
            step = (maximum - minimum).Divide(codes).LimitBelow(SmallestStep);
            torch.Tensor zero = minimum.neg().div_(step).round_().Limit(0, codes);
            pieces = Pieces.Of(x, step, -zero, zero.neg().Increase(codes));
        }

        torch.Tensor low = minimum - minimum.detach();
        torch.Tensor high = maximum - maximum.detach();
        return pieces.Pass(x) + (pieces.Inside * (high - low).Over(codes)) + (pieces.Below * low) + (pieces.Above * high);
    }

    private static torch.Tensor Extreme(torch.Tensor x, torch.Tensor index) => x.gather(-1, index);

    /// <summary>The factors of the formula, without gradients.</summary>
    private readonly record struct Pieces(torch.Tensor Kept, torch.Tensor Constant, torch.Tensor Inside, torch.Tensor Below, torch.Tensor Above)
    {
        public static Pieces Of(torch.Tensor x, torch.Tensor step, torch.Tensor lowest, torch.Tensor highest)
        {
            using IDisposable noGradient = torch.no_grad();
            torch.Tensor t = x / step;
            torch.Tensor r = t.round();
            torch.Tensor below = r.lt(lowest).to(torch.float32);
            torch.Tensor above = r.gt(highest).to(torch.float32);
            torch.Tensor kept = (below + above).neg_().Increase(1);
            torch.Tensor q = torch.maximum(torch.minimum(r, highest), lowest);
            return new(kept, (q * step).sub_(x * kept), r.sub_(t).mul_(kept), below, above);
        }

        public torch.Tensor Pass(torch.Tensor x) => (x * Kept) + Constant;
    }
}
