using MobileQuant.Learning;
using MobileQuant.Quantization;
using MobileQuant.Tests.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Learning;

/// <summary>A learned weight against the quantizer (forward) and against torch's gradients of the method's formulas (backward).</summary>
public class WeightGradientTests
{
    private const int Rows = 6;
    private const int Columns = 70;

    public WeightGradientTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel, 0)]
    [InlineData(4, WeightSymmetry.Symmetric, WeightGranularity.Channel, 0)]
    [InlineData(8, WeightSymmetry.Symmetric, WeightGranularity.Channel, 0)]
    [InlineData(8, WeightSymmetry.Asymmetric, WeightGranularity.Tensor, 0)]
    [InlineData(8, WeightSymmetry.Symmetric, WeightGranularity.Tensor, 0)]
    [InlineData(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel, 32)]
    [InlineData(4, WeightSymmetry.Symmetric, WeightGranularity.Channel, 64)]
    public void A_learned_weight_is_the_quantizers_and_has_the_gradients_of_the_formulas(int bits, WeightSymmetry symmetry, WeightGranularity granularity, int block)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Generator generator = new(5);
        torch.Tensor weight = torch.randn(Rows, Columns, generator: generator);
        torch.Tensor rowLogs = torch.randn(Rows, 1, generator: generator) * 0.2;
        torch.Tensor columnLogs = torch.randn(1, Columns, generator: generator) * 0.2;
        torch.Tensor loss = torch.randn(Rows, Columns, generator: generator);
        WeightScheme scheme = new(bits, symmetry, granularity, block);
        using LearnedWeight learned = new(weight, scheme, null, learnsClip: true, isTransformed: true);
        LearnedParameter lower = learned.Clip.Lower!;
        LearnedParameter upper = learned.Clip.Upper!;
        for (int i = 0; i < lower.Values.Length; i++)
        {
            (lower.Values[i], upper.Values[i]) = (1.5f + (0.01f * i), 2 - (0.01f * i));
        }

        learned.Fill(Golden.Values(rowLogs.exp()), Golden.Values(columnLogs.exp()));
        (learned.Rounded.Leaf * loss).sum().backward();
        double[] byRow = new double[Rows];
        double[] byColumn = new double[Columns];
        learned.AddGradient(byRow, byColumn);

        // The same in torch: ranges of groups, clipped shares, step, codes.
        torch.Tensor l = Leaf(torch.tensor(lower.Values));
        torch.Tensor u = Leaf(torch.tensor(upper.Values));
        rowLogs = Leaf(rowLogs);
        columnLogs = Leaf(columnLogs);
        torch.Tensor transformed = weight * rowLogs.exp() * columnLogs.exp();
        (torch.Tensor low, torch.Tensor high) = Bounds(transformed, scheme);
        (low, high) = (low * l.sigmoid(), high * u.sigmoid());
        WeightClip clip = new(Golden.Values(low.detach()), Golden.Values(high.detach()));
        QuantizedWeight codes = WeightQuantizer.Quantize(transformed.detach().contiguous(), scheme, clip);
        torch.Tensor real = torch.empty(Rows, Columns);
        WeightQuantizer.Dequantize(codes, real);

        // Products in another order may put a weight on the other side of a tie.
        Assert.True(Golden.Values(real).Zip(Golden.Values(learned.Rounded.Host.detach())).Count(pair => Math.Abs(pair.First - pair.Second) > 1e-5) <= 1);

        (int lowest, int highest) = bits == 8 ? (-127, 127) : (-8, 7);
        torch.Tensor step = symmetry == WeightSymmetry.Symmetric ? torch.maximum(-low, high) / highest : (high - low) / (highest - lowest);
        torch.Tensor used = torch.tensor(Steps(codes, block));
        torch.Tensor zero = Spread(torch.tensor(Zeros(codes, block)), scheme, granularityOfValues: false);
        step = Spread(step, scheme, granularityOfValues: true);
        torch.Tensor multiple = (Spread(used, scheme, granularityOfValues: false) / step).detach();
        step = step * multiple;
        torch.Tensor t = transformed / step;
        torch.Tensor expected = ((t + (t.round() - t).detach() + zero).clamp(lowest, highest) - zero) * step;
        (expected * loss).sum().backward();

        AssertClose(Golden.Values(rowLogs.grad!), byRow);
        AssertClose(Golden.Values(columnLogs.grad!), byColumn);
        AssertClose(Golden.Values(l.grad!), lower.Gradient);
        AssertClose(Golden.Values(u.grad!), upper.Gradient);
    }

    [Fact]
    public void Learning_goes_on_from_a_clip()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor weight = torch.randn(Rows, Columns, generator: new torch.Generator(9));
        WeightClip clip = new([.. Enumerable.Repeat(-1.5f, Rows)], [.. Enumerable.Repeat(1.2f, Rows)]);
        WeightScheme scheme = new(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel);
        foreach (bool learns in (bool[])[false, true])
        {
            using LearnedWeight learned = new(weight, scheme, clip, learns, isTransformed: false);
            WeightClip same = learned.ToClip()!;
            Assert.All(same.Minimum, bound => Assert.Equal(-1.5f, bound, 1e-4f));
            Assert.All(same.Maximum, bound => Assert.Equal(1.2f, bound, 1e-4f));
        }
    }

    private static torch.Tensor Leaf(torch.Tensor tensor) => tensor.detach().clone().requires_grad_(true);

    private static (torch.Tensor Low, torch.Tensor High) Bounds(torch.Tensor weight, WeightScheme scheme)
    {
        if (scheme.BlockSize > 0)
        {
            torch.Tensor[] blocks = [.. Enumerable.Range(0, (Columns + scheme.BlockSize - 1) / scheme.BlockSize)
                .Select(b => weight.narrow(1, b * scheme.BlockSize, Math.Min(scheme.BlockSize, Columns - (b * scheme.BlockSize))))];
            return (torch.stack(blocks.Select(b => b.amin([1]).clamp(max: 0)), 1).flatten(), torch.stack(blocks.Select(b => b.amax([1]).clamp(min: 0)), 1).flatten());
        }

        return scheme.Granularity == WeightGranularity.Tensor
            ? (weight.amin([0, 1]).reshape(1), weight.amax([0, 1]).reshape(1))
            : (weight.amin([1]), weight.amax([1]));
    }

    private static float[] Steps(QuantizedWeight codes, int block) => block == 0
        ? codes.Scales
        : [.. codes.BlockScales!.Select((scale, index) => scale * codes.Scales[index / (codes.BlockScales!.Length / Rows)])];

    private static float[] Zeros(QuantizedWeight codes, int block) => block == 0
        ? [.. (codes.ZeroPoints ?? new sbyte[Rows]).Select(zero => (float)zero)]
        : [.. (codes.BlockZeroPoints ?? new sbyte[codes.BlockScales!.Length]).Select(zero => (float)zero)];

    /// <summary>Values of scales as [rows, columns].</summary>
    private static torch.Tensor Spread(torch.Tensor values, WeightScheme scheme, bool granularityOfValues)
    {
        if (scheme.BlockSize > 0)
        {
            return values.view(Rows, -1).repeat_interleave(scheme.BlockSize, 1).narrow(1, 0, Columns);
        }

        return granularityOfValues && scheme.Granularity == WeightGranularity.Tensor ? values.expand(Rows, Columns) : values.unsqueeze(1).expand(Rows, Columns);
    }

    private static void AssertClose(float[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = 1e-3 * (1 + expected.Max(MathF.Abs));
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, scale));
    }
}
