using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>
/// Fake quantization with a range per token, as an operation that torch can go back through. Arguments: x, bits (boxed int).
/// Nothing is learned here, but the scale's gradient goes on to the token's smallest and largest values: it is what tells
/// transformations to make them less.
/// </summary>
internal sealed class TokenFunction : torch.autograd.SingleTensorFunction<TokenFunction>
{
    private const int Parts = 16;
    private const float SmallestStep = 1e-30f;

    /// <inheritdoc/>
    public override string Name => nameof(TokenFunction);

    /// <inheritdoc/>
    public override torch.Tensor forward(torch.autograd.AutogradContext ctx, params object[] vars)
    {
        torch.Tensor x = ((torch.Tensor)vars[0]).contiguous();
        int codes = (1 << (int)vars[1]) - 1;
        ctx.save_for_backward([x]);
        ctx.save_data(nameof(codes), codes);
        torch.Tensor rounded = torch.empty(x.shape, torch.float32);
        ForEachToken(x, (first, count) =>
        {
            ReadOnlySpan<float> values = WeightRow.Floats(x).Slice(first, count);
            (float step, float zero) = Fit(WeightRow.RangeOf(values), codes);
            ActivationRow.Round(values, step, -zero, codes - zero, WeightRow.Floats(rounded).Slice(first, count));
        });
        return rounded;
    }

    /// <inheritdoc/>
    public override List<torch.Tensor> backward(torch.autograd.AutogradContext ctx, torch.Tensor grad_output)
    {
        torch.Tensor x = ctx.get_saved_variables()[0];
        torch.Tensor gradient = grad_output.contiguous();
        int codes = (int)ctx.get_data(nameof(codes));
        torch.Tensor result = torch.empty(x.shape, torch.float32);
        ForEachToken(x, (first, count) =>
        {
            ReadOnlySpan<float> values = WeightRow.Floats(x).Slice(first, count);
            Span<float> back = WeightRow.Floats(result).Slice(first, count);
            Quantization.ValueRange range = WeightRow.RangeOf(values);
            (float step, float zero) = Fit(range, codes);
            RangeGradient sum = ActivationRow.Gradient(values, WeightRow.Floats(gradient).Slice(first, count), step, -zero, codes - zero, back);
            AddTo(range.Minimum < 0 ? values.IndexOf(range.Minimum) : -1, sum.Below - (sum.Inside / codes), back);
            AddTo(range.Maximum > 0 ? values.IndexOf(range.Maximum) : -1, sum.Above + (sum.Inside / codes), back);
        });
        return [result, null!];
    }

    private static void AddTo(int index, double gradient, Span<float> back)
    {
        // Not found where a value is not a number: the step is skipped then.
        if (index >= 0)
        {
            back[index] += (float)gradient;
        }
    }

    private static (float Step, float Zero) Fit(Quantization.ValueRange range, int codes)
    {
        float step = Math.Max((range.Maximum - range.Minimum) / codes, SmallestStep);
        return (step, Math.Clamp(MathF.Round(-range.Minimum / step), 0, codes));
    }

    private static void ForEachToken(torch.Tensor x, Action<int, int> action)
    {
        int channels = checked((int)x.shape[^1]);
        int tokens = checked((int)(x.numel() / channels));
        int length = Segments.Length(tokens, Parts);
        Segments.ForEach(Segments.Count(tokens, length), part =>
        {
            for (int token = part * length; token < Math.Min(tokens, (part + 1) * length); token++)
            {
                action(token * channels, channels);
            }
        });
    }
}
