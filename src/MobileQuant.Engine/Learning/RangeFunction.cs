using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>Fake quantization with a learned range, as an operation that torch can go back through. Arguments: x, <see cref="LearnedRange"/>.</summary>
internal sealed class RangeFunction : torch.autograd.SingleTensorFunction<RangeFunction>
{
    private const int PartLength = 1 << 14;

    /// <inheritdoc/>
    public override string Name => nameof(RangeFunction);

    /// <inheritdoc/>
    public override torch.Tensor forward(torch.autograd.AutogradContext ctx, params object[] vars)
    {
        torch.Tensor x = ((torch.Tensor)vars[0]).contiguous();
        LearnedRange range = (LearnedRange)vars[1];
        ctx.save_for_backward([x]);
        ctx.save_data(nameof(LearnedRange), range);
        torch.Tensor rounded = torch.empty(x.shape, torch.float32);
        ForEachPart(x, range, (_, group, first, count) =>
        {
            (float step, float lowest, float highest) = range.Grid(group);
            Span<float> result = WeightRow.Floats(rounded).Slice(first, count);
            if (step == 0)
            {
                result.Clear();
            }
            else
            {
                ActivationRow.Round(WeightRow.Floats(x).Slice(first, count), step, lowest, highest, result);
            }
        });
        return rounded;
    }

    /// <inheritdoc/>
    public override List<torch.Tensor> backward(torch.autograd.AutogradContext ctx, torch.Tensor grad_output)
    {
        torch.Tensor x = ctx.get_saved_variables()[0];
        torch.Tensor gradient = grad_output.contiguous();
        LearnedRange range = (LearnedRange)ctx.get_data(nameof(LearnedRange));
        torch.Tensor result = torch.empty(x.shape, torch.float32);
        (int Group, RangeGradient Gradient)[] parts = new (int, RangeGradient)[PartCount(x, range)];
        ForEachPart(x, range, (part, group, first, count) =>
        {
            (float step, float lowest, float highest) = range.Grid(group);
            Span<float> back = WeightRow.Floats(result).Slice(first, count);
            if (step == 0)
            {
                back.Clear();
                return;
            }

            parts[part] = (group, ActivationRow.Gradient(
                WeightRow.Floats(x).Slice(first, count), WeightRow.Floats(gradient).Slice(first, count), step, lowest, highest, back));
        });
        foreach ((int group, RangeGradient sum) in parts)
        {
            range.AddGradient(group, sum);
        }

        return [result, null!];
    }

    /// <summary>Elements that share a group are [heads] slices of x [batch, heads, ...], or all of it.</summary>
    private static int SliceLength(torch.Tensor x, LearnedRange range) =>
        checked((int)(range.Groups == 1 ? x.numel() : x.numel() / (x.shape[0] * range.Groups)));

    private static int PartCount(torch.Tensor x, LearnedRange range)
    {
        int slice = SliceLength(x, range);
        return checked((int)(x.numel() / slice) * Segments.Count(slice, PartLength));
    }

    private static void ForEachPart(torch.Tensor x, LearnedRange range, Action<int, int, int, int> action)
    {
        int slice = SliceLength(x, range);
        int perSlice = Segments.Count(slice, PartLength);
        Segments.ForEach(PartCount(x, range), part =>
        {
            int index = part / perSlice;
            int offset = part % perSlice * PartLength;
            action(part, index % range.Groups, (index * slice) + offset, Math.Min(PartLength, slice - offset));
        });
    }
}
