using MobileQuant.Learning;
using MobileQuant.Quantization;
using MobileQuant.Tests.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Learning;

/// <summary>Our operations against torch's own gradients of the method's formulas, written with elementary operations.</summary>
public class ActivationGradientTests
{
    public ActivationGradientTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData(8, -1.3f, 2.1f)]
    [InlineData(8, 0f, 2f)]
    [InlineData(8, -0.7f, 0f)]
    [InlineData(16, -1.3f, 2.1f)]
    public void A_learned_range_has_the_gradients_of_the_formulas(int bits, float minimum, float maximum)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor x = Random(seed: 1, 3, 7, 45);
        torch.Tensor weight = Random(seed: 2, 3, 7, 45);
        LearnedRange range = new([new(minimum, maximum)], bits, isSigned: false, isLearned: true);
        torch.Tensor ours = x.clone().requires_grad_(true);
        torch.Tensor rounded = RangeFunction.apply(ours, range);
        (rounded * weight).sum().backward();

        torch.Tensor low = torch.tensor(range[0].Minimum).requires_grad_(true);
        torch.Tensor high = torch.tensor(range[0].Maximum).requires_grad_(true);
        torch.Tensor reference = x.clone().requires_grad_(true);
        torch.Tensor expected = Reference(reference, low, high, (1 << bits) - 1);
        (expected * weight).sum().backward();

        AssertClose(expected, rounded);
        AssertClose(reference.grad!, ours.grad!);
        Assert.Equal(low.grad!.item<float>() * low.item<float>(), range.Logarithms!.Gradient[0], 3e-3);
        Assert.Equal(high.grad!.item<float>() * high.item<float>(), range.Logarithms!.Gradient[1], 3e-3);
        Assert.Equal(Golden.Values(ActivationGrid.Round(x, range[0], bits)), Golden.Values(rounded));
    }

    [Fact]
    public void Heads_have_gradients_of_their_own()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor x = Random(seed: 3, 2, 2, 5, 8);
        torch.Tensor weight = Random(seed: 4, 2, 2, 5, 8);
        ValueRange[] heads = [new(-1, 0.8f), new(-0.5f, 1.5f)];
        LearnedRange range = new(heads, 8, isSigned: false, isLearned: true);
        torch.Tensor ours = x.clone().requires_grad_(true);
        (RangeFunction.apply(ours.transpose(2, 3), range).transpose(2, 3) * weight).sum().backward();
        for (int head = 0; head < 2; head++)
        {
            LearnedRange alone = new([range[head]], 8, isSigned: false, isLearned: true);
            torch.Tensor part = x.narrow(1, head, 1).contiguous().requires_grad_(true);
            (RangeFunction.apply(part, alone) * weight.narrow(1, head, 1)).sum().backward();
            AssertClose(part.grad!, ours.grad!.narrow(1, head, 1));
            Assert.Equal(alone.Logarithms!.Gradient[0], range.Logarithms!.Gradient[2 * head], 1e-4);
            Assert.Equal(alone.Logarithms!.Gradient[1], range.Logarithms!.Gradient[(2 * head) + 1], 1e-4);
        }
    }

    [Theory]
    [InlineData(false, 1, -1.3f, 2.1f)]
    [InlineData(false, 1, 0f, 1.2f)]
    [InlineData(false, 2, -0.5f, 1.5f)]
    [InlineData(true, 1, -1.5f, 1.1f)]
    [InlineData(false, 2, 0f, 0f)]
    public void Operations_of_torch_alone_give_the_same_values_and_gradients(bool isSigned, int groups, float minimum, float maximum)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor x = Random(seed: 7, 2, groups, 5, 8);
        torch.Tensor weight = Random(seed: 8, 2, groups, 5, 8);
        ValueRange[] ranges = [.. Enumerable.Range(0, groups).Select(group => new ValueRange(minimum * (1 + group), maximum))];
        LearnedRange first = new(ranges, 8, isSigned, isLearned: true);
        LearnedRange second = new(ranges, 8, isSigned, isLearned: true);
        using RemoteRange remote = new(second);
        torch.Tensor left = x.clone().requires_grad_(true);
        torch.Tensor right = x.clone().requires_grad_(true);
        torch.Tensor expected = RangeFunction.apply(left, first);
        torch.Tensor actual = remote.Apply(right);
        (expected * weight).sum().backward();
        (actual * weight).sum().backward();
        remote.TakeGradient();

        AssertClose(expected, actual);
        AssertClose(left.grad!, right.grad!);
        Assert.All(first.Logarithms!.Gradient.Zip(second.Logarithms!.Gradient), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void Operations_of_torch_alone_give_the_same_tokens()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor x = torch.cat([Random(seed: 9, 3, 4, 33), Random(seed: 10, 1, 4, 33).abs(), torch.zeros(1, 4, 33)], 0);
        torch.Tensor weight = Random(seed: 11, 5, 4, 33);
        torch.Tensor left = x.clone().requires_grad_(true);
        torch.Tensor right = x.clone().requires_grad_(true);
        torch.Tensor expected = TokenFunction.apply(left, 8);
        torch.Tensor actual = FakeQuantization.Tokens(right, 8);
        (expected * weight).sum().backward();
        (actual * weight).sum().backward();

        AssertClose(expected, actual);
        AssertClose(left.grad!, right.grad!);
    }

    [Fact]
    public void Signed_codes_learn_their_largest_magnitude()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor x = Random(seed: 5, 4, 33);
        torch.Tensor weight = Random(seed: 6, 4, 33);
        LearnedRange range = new([new(-1.5f, 1.1f)], 12, isSigned: true, isLearned: true);
        torch.Tensor ours = x.clone().requires_grad_(true);
        torch.Tensor rounded = RangeFunction.apply(ours, range);
        (rounded * weight).sum().backward();

        torch.Tensor largest = torch.tensor(range[0].Maximum).requires_grad_(true);
        torch.Tensor step = largest / 2047;
        torch.Tensor t = x / step;
        torch.Tensor expected = (t + (t.round() - t).detach()).clamp(-2047, 2047) * step;
        (expected * weight).sum().backward();
        AssertClose(expected, rounded);
        Assert.Equal(largest.grad!.item<float>() * 1.5, range.Logarithms!.Gradient[1], 1e-3);
    }

    [Fact]
    public void A_token_passes_its_scales_gradient_to_its_outermost_values()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor x = Random(seed: 7, 9, 37);
        torch.Tensor weight = Random(seed: 8, 9, 37);
        torch.Tensor ours = x.clone().requires_grad_(true);
        torch.Tensor rounded = TokenFunction.apply(ours, 8);
        (rounded * weight).sum().backward();

        torch.Tensor reference = x.clone().requires_grad_(true);
        torch.Tensor low = reference.amin([-1], keepdim: true).clamp(max: 0);
        torch.Tensor high = reference.amax([-1], keepdim: true).clamp(min: 0);
        torch.Tensor step = (high - low) / 255;
        torch.Tensor zero = (-low / step).round().detach();
        torch.Tensor t = reference / step;
        torch.Tensor expected = ((t + (t.round() - t).detach() + zero).clamp(0, 255) - zero) * step;
        (expected * weight).sum().backward();
        AssertClose(expected, rounded);
        AssertClose(reference.grad!, ours.grad!, 2e-2f);
    }

    private static torch.Tensor Reference(torch.Tensor x, torch.Tensor low, torch.Tensor high, int codes)
    {
        torch.Tensor step = (high - low) / codes;
        torch.Tensor offset = -low / step;
        torch.Tensor zero = offset + (offset.round() - offset).detach();
        torch.Tensor t = x / step;
        return ((t + (t.round() - t).detach() + zero).clamp(0, codes) - zero) * step;
    }

    private static torch.Tensor Random(int seed, params long[] shape) => torch.randn(shape, generator: new torch.Generator((ulong)seed));

    private static void AssertClose(torch.Tensor expected, torch.Tensor actual, float tolerance = 1e-5f) =>
        Assert.InRange(Golden.MaximumDifference(Golden.Values(expected.detach()), Golden.Values(actual.detach())), 0, tolerance);

}
