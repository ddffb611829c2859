using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Sensitivity;
using MobileQuant.Tests.Modeling;
using TorchSharp;

namespace MobileQuant.Tests.Quantization;

/// <summary>The sites inside of operations, which only NPUs quantize.</summary>
public class NpuSitesTests
{
    [Theory]
    [InlineData(true, ActivationKind.Silu, NormKind.Rms)]
    [InlineData(true, ActivationKind.GeluTanh, NormKind.RmsGainPlusOne)]
    [InlineData(false, ActivationKind.Silu, NormKind.Layer)]
    [InlineData(false, ActivationKind.GeluErf, NormKind.Layer)]
    public void Looking_inside_visits_every_site_and_changes_nothing(bool gated, ActivationKind activation, NormKind norm)
    {
        DecoderArchitecture architecture = RandomDecoder.Architecture with { GatedMlp = gated, Activation = activation, Norm = norm };
        using DecoderModel model = RandomDecoder.Create(architecture, seed: 3);
        using torch.Tensor ids = TokenTensor.Of(RandomDecoder.Ids(architecture, 12, seed: 1));
        Recorder inside = new();
        using DecoderOutput expected = model.Forward(ids);
        using DecoderOutput actual = model.Forward(ids, inside);

        Assert.InRange(Golden.MaximumDifference(Golden.Values(expected.Logits), Golden.Values(actual.Logits)), 0, 1e-5f);
        Assert.Equal(Names(Site.Enumerate(architecture, inner: true)), Names(inside.Values.Keys));
        Assert.Equal(2 * architecture.LayerCount, inside.Gains);
        Assert.Equal(Names(Site.Enumerate(architecture)), Names(inside.Values.Keys.Where(site => !site.IsInner)));
    }

    [Fact]
    public void On_an_npu_sites_have_the_bits_of_the_paper()
    {
        Dictionary<int, SiteKind[]> paper = new()
        {
            [16] =
            [
                SiteKind.AttentionNormInput, SiteKind.MlpNormInput, SiteKind.Scores, SiteKind.Probabilities, SiteKind.OutputOutput, SiteKind.DownOutput,
                SiteKind.EmbeddingOutput, SiteKind.HeadInput, SiteKind.HeadOutput,
            ],
            [8] =
            [
                SiteKind.AttentionInput, SiteKind.QueryOutput, SiteKind.KeyOutput, SiteKind.ValueOutput, SiteKind.QueryRotated, SiteKind.KeyCache, SiteKind.ValueCache,
                SiteKind.OutputInput, SiteKind.MlpInput, SiteKind.GateOutput, SiteKind.UpOutput, SiteKind.ActivationSigmoid, SiteKind.ActivationOutput, SiteKind.DownInput,
            ],
            [0] = [SiteKind.KeyRotated, SiteKind.LayerOutput],
        };
        Assert.Equal(Enum.GetValues<SiteKind>(), paper.Values.SelectMany(kinds => kinds).Order());
        Assert.All(paper, pair => Assert.All(pair.Value, kind =>
            Assert.Equal(new SiteFormat(pair.Key, SiteGrouping.Tensor), SiteTable.FormatOf(QuantizationTarget.Npu, kind, ActivationMode.Static))));
        Assert.All(Enum.GetValues<SiteKind>().Where(kind => new Site(0, kind).IsInner), kind =>
            Assert.Equal(SiteFormat.Exact, SiteTable.FormatOf(QuantizationTarget.Cpu, kind, ActivationMode.Static)));
    }

    [Fact]
    public void Each_site_of_an_npu_rounds_its_own_tensor_within_half_a_step()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 2);
        QuantizedGraph graph = SimulationTests.Graph(model, ActivationMode.Static, QuantizationTarget.Npu);
        using torch.Tensor ids = TokenTensor.Of(RandomDecoder.Ids(model.Architecture, 32, seed: 0));
        Recorder exact = new();
        model.Forward(ids, exact).Dispose();
        using Simulation simulation = new(graph);
        foreach (Site site in Site.Enumerate(model.Architecture, inner: true))
        {
            int bits = SiteTable.FormatOf(QuantizationTarget.Npu, site.Kind, ActivationMode.Static).Bits;
            Recorder rounded = new(new SelectedSites(simulation, other => other == site));
            model.Forward(ids, rounded).Dispose();
            float difference = Golden.MaximumDifference(exact.Values[site], rounded.Values[site]);
            ValueRange range = graph.Ranges[site].WithZero();
            float step = bits == 0 ? 0 : (range.Maximum - range.Minimum) / ((1 << bits) - 1);

            // Half a step, or a whole one at an end that the zero point moved, and what float32 itself rounds.
            float slack = 1e-6f * Math.Max(Math.Abs(range.Maximum), Math.Abs(range.Minimum));
            Assert.True(difference <= (step * 1.01f) + slack, $"{site}: {difference}, step {step}");
            Assert.Equal(bits > 0, difference > slack / 1000);
        }
    }

    [Fact]
    public void Ranges_of_scores_come_from_positions_that_are_seen()
    {
        DecoderArchitecture a = RandomDecoder.Architecture;
        using DecoderModel model = RandomDecoder.Create(a, seed: 2);
        const int tokens = 10;
        using torch.Tensor ids = TokenTensor.Of(RandomDecoder.Ids(a, tokens, seed: 1));
        RangeObserver observer = new(inner: true);
        Recorder seen = new();
        model.Forward(ids, observer).Dispose();
        model.Forward(ids, seen).Dispose();

        float[] q = seen.Values[new(1, SiteKind.QueryRotated)];
        float[] k = seen.Values[new(1, SiteKind.KeyCache)];
        ValueRange expected = new(0, 0);
        for (int head = 0; head < a.HeadCount; head++)
        {
            for (int i = 0; i < tokens; i++)
            {
                for (int j = 0; j <= i; j++)
                {
                    float dot = 0;
                    for (int c = 0; c < a.HeadSize; c++)
                    {
                        dot += q[(((head * tokens) + i) * a.HeadSize) + c] * k[((((head / a.GroupSize) * tokens) + j) * a.HeadSize) + c];
                    }

                    expected = expected.Union(new(dot, dot));
                }
            }
        }

        ValueRange range = observer.ToStatistics(a).ToSiteRanges()[new(1, SiteKind.Scores)];
        Assert.Equal(expected.Minimum, range.Minimum, 1e-4f);
        Assert.Equal(expected.Maximum, range.Maximum, 1e-4f);
    }

    [Fact]
    public void Gains_are_rounded_to_16_bits()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 2);
        using Simulation simulation = new(SimulationTests.Graph(model, ActivationMode.Static, QuantizationTarget.Npu));
        torch.Tensor gain = model.Weights.Layers[0].AttentionNorm.Gain;
        using torch.Tensor rounded = simulation.ApplyGain(new(0, SiteKind.AttentionInput), gain);
        float difference = Golden.MaximumDifference(Golden.Values(gain), Golden.Values(rounded));
        Assert.InRange(difference, 1e-7f, Golden.Values(gain).Max() / 65535);
    }

    private static string[] Names(IEnumerable<Site> sites) => [.. sites.Select(site => site.ToString()).Order(StringComparer.Ordinal)];

    private sealed class Recorder(ISiteTap? inner = null) : ISiteTap
    {
        public Dictionary<Site, float[]> Values { get; } = [];

        public int Gains { get; private set; }

        public bool SeesInnerSites => true;

        public torch.Tensor Apply(Site site, torch.Tensor value)
        {
            torch.Tensor result = inner?.Apply(site, value) ?? value;
            Values.Add(site, Golden.Values(result));
            return result;
        }

        public torch.Tensor ApplyGain(Site output, torch.Tensor gain)
        {
            Gains++;
            return gain;
        }
    }
}
