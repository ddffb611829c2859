using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Tests.Modeling;
using TorchSharp;

namespace MobileQuant.Tests.Quantization;

public class SmoothingPairTests
{
    public static TheoryData<string, DecoderArchitecture> Architectures => new()
    {
        { "grouped heads", RandomDecoder.Architecture },
        { "a KV head per head", RandomDecoder.Architecture with { KeyValueHeadCount = 6 } },
        { "one KV head, tied", RandomDecoder.Architecture with { KeyValueHeadCount = 1, TiedEmbeddings = true } },
        { "biases", RandomDecoder.Architecture with { Biased = RandomDecoder.Architecture.Linears } },
        { "layer norm, GELU", RandomDecoder.Architecture with { Norm = NormKind.Layer, Activation = ActivationKind.GeluErf } },
        { "gain plus one, scaled embedding", RandomDecoder.Architecture with { Norm = NormKind.RmsGainPlusOne, Activation = ActivationKind.GeluTanh, EmbeddingScale = 4.9 } },
        { "partial rotary, q and k biased", RandomDecoder.Architecture with { Norm = NormKind.Layer, Biased = [LinearKind.Query, LinearKind.Key, LinearKind.Value], Rotary = new() { Fraction = 0.25 } } },
        { "plain MLP, partial rotary", RandomDecoder.Architecture with { GatedMlp = false, Rotary = new() { Fraction = 0.5 } } },
    };

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Folding_changes_ranges_but_not_the_function(string name, DecoderArchitecture architecture)
    {
        Assert.NotEmpty(name);
        using DecoderModel model = RandomDecoder.Create(architecture, seed: 5);
        CalibrationSet set = new([RandomDecoder.Ids(architecture, 24, seed: 1), RandomDecoder.Ids(architecture, 24, seed: 2)], "text");
        using torch.Tensor ids = TokenTensor.Of(set.Windows);
        using DecoderOutput before = model.Forward(ids);
        CalibrationStatistics expected = Calibrator.Observe(model, set);

        Random random = new(11);
        foreach (SmoothingPair pair in SmoothingPair.Enumerate(architecture, Enum.GetValues<SmoothingKind>()))
        {
            float[] scales = [.. Enumerable.Range(0, pair.ChannelCount(architecture)).Select(_ => (float)Math.Exp(4 * (random.NextDouble() - 0.5)))];
            pair.Fold(architecture, model.Weights, scales);
            expected = expected.Divide(pair.Divisors(architecture, scales));
        }

        using DecoderOutput after = model.Forward(ids);
        Assert.InRange(Golden.MaximumDifference(Golden.Values(before.Logits), Golden.Values(after.Logits)), 0, 1e-4f);

        // The ranges that follow by arithmetic are those that another pass observes.
        SiteRanges observed = Calibrator.Observe(model, set).ToSiteRanges();
        SiteRanges derived = expected.ToSiteRanges();
        foreach (Site site in derived.Sites)
        {
            AssertClose(observed[site], derived[site]);
            if (site.IsPerHead)
            {
                Assert.Equal(architecture.KeyValueHeadCount, derived.Heads(site).Count);
                Assert.All(observed.Heads(site).Zip(derived.Heads(site)), pair => AssertClose(pair.First, pair.Second));
            }
        }
    }

    [Fact]
    public void A_plain_mlp_has_no_pair_across_its_activation() =>
        Assert.DoesNotContain(
            SmoothingPair.Enumerate(RandomDecoder.Architecture with { GatedMlp = false }, Enum.GetValues<SmoothingKind>()),
            pair => pair.Kind == SmoothingKind.UpDown);

    private static void AssertClose(ValueRange expected, ValueRange actual)
    {
        float tolerance = 1e-4f * (1 + expected.AbsoluteMaximum);
        Assert.InRange(actual.Minimum, expected.Minimum - tolerance, expected.Minimum + tolerance);
        Assert.InRange(actual.Maximum, expected.Maximum - tolerance, expected.Maximum + tolerance);
    }
}
