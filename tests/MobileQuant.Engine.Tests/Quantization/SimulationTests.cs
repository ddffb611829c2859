using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Tests.Modeling;
using TorchSharp;

namespace MobileQuant.Tests.Quantization;

public class SimulationTests
{
    [Theory]
    [InlineData(QuantizationTarget.Cpu, ActivationMode.Token)]
    [InlineData(QuantizationTarget.Cpu, ActivationMode.Static)]
    [InlineData(QuantizationTarget.Npu, ActivationMode.Static)]
    public void Stays_close_to_the_float_model_but_not_equal(QuantizationTarget target, ActivationMode activations)
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 2);
        QuantizedGraph graph = Graph(model, activations, target);
        using torch.Tensor ids = TokenTensor.Of(RandomDecoder.Ids(model.Architecture, 32, seed: 1));
        using Simulation simulation = new(graph);
        using DecoderOutput expected = model.Forward(ids);
        using DecoderOutput actual = model.Forward(ids, simulation);

        float[] reference = Golden.Values(expected.Logits);
        double signal = reference.Average(v => (double)v * v);
        double noise = reference.Zip(Golden.Values(actual.Logits), (a, b) => (double)(a - b) * (a - b)).Average();
        Assert.InRange(10 * Math.Log10(signal / noise), 20, 60);
    }

    [Fact]
    public void Keeping_rounded_weights_changes_nothing_but_time()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 2);
        QuantizedGraph graph = Graph(model, ActivationMode.Token);
        using torch.Tensor ids = TokenTensor.Of(RandomDecoder.Ids(model.Architecture, 16, seed: 1));
        using Simulation keeping = new(graph, keepWeights: true);
        using Simulation rounding = new(graph, keepWeights: false);
        using DecoderOutput first = model.Forward(ids, keeping);
        using DecoderOutput second = model.Forward(ids, keeping);
        using DecoderOutput third = model.Forward(ids, rounding);
        Assert.Equal(Golden.Values(first.Logits), Golden.Values(second.Logits));
        Assert.Equal(Golden.Values(first.Logits), Golden.Values(third.Logits));
    }

    [Fact]
    public void On_a_cpu_only_linear_inputs_cache_and_embedding_lose_information()
    {
        SiteKind[] quantized = [.. Enum.GetValues<SiteKind>().Where(kind => SiteTable.FormatOf(QuantizationTarget.Cpu, kind, ActivationMode.Token).Bits > 0)];
        Assert.Equal(
            [SiteKind.EmbeddingOutput, SiteKind.AttentionInput, SiteKind.KeyCache, SiteKind.ValueCache, SiteKind.OutputInput, SiteKind.MlpInput, SiteKind.DownInput],
            quantized);
    }

    [Fact]
    public void Tokens_decide_their_own_scale_only_on_a_cpu_and_only_when_asked()
    {
        Assert.Equal(SiteGrouping.Token, SiteTable.FormatOf(QuantizationTarget.Cpu, SiteKind.DownInput, ActivationMode.Token).Grouping);
        Assert.Equal(SiteGrouping.Tensor, SiteTable.FormatOf(QuantizationTarget.Cpu, SiteKind.DownInput, ActivationMode.Static).Grouping);
        Assert.Equal(SiteGrouping.Tensor, SiteTable.FormatOf(QuantizationTarget.Npu, SiteKind.DownInput, ActivationMode.Token).Grouping);
    }

    internal static QuantizedGraph Graph(DecoderModel model, ActivationMode activations, QuantizationTarget target = QuantizationTarget.Cpu)
    {
        RangeObserver observer = new(inner: target == QuantizationTarget.Npu);
        using torch.Tensor ids = TokenTensor.Of([.. Enumerable.Range(0, 8).Select(i => RandomDecoder.Ids(model.Architecture, 32, i))]);
        model.Forward(ids, observer).Dispose();
        return new()
        {
            Architecture = model.Architecture,
            Weights = model.Weights,
            Precision = Precision.W8A8,
            Activations = activations,
            Target = target,
            Schemes = new(new(8, WeightSymmetry.Symmetric, WeightGranularity.Channel)),
            Ranges = observer.ToStatistics(model.Architecture).ToSiteRanges(),
            Recipe = new("test", new Dictionary<string, string>()),
        };
    }
}
