using MobileQuant.Artifacts;
using MobileQuant.Calibration;
using MobileQuant.Lowering;
using MobileQuant.Modeling;
using MobileQuant.Programs;
using MobileQuant.Quantization;
using MobileQuant.Tests.Modeling;
using Xunit.Abstractions;

namespace MobileQuant.Tests.Lowering;

/// <summary>Random models of all that families differ in, as integers against their simulation.</summary>
public class FamilyLoweringTests(ITestOutputHelper output)
{
    private static readonly DecoderArchitecture s_base = RandomDecoder.Architecture with { HiddenSize = 48, HeadSize = 16, FeedForwardSize = 80, LayerCount = 3 };

    public static TheoryData<string, DecoderArchitecture, int> Families => new()
    {
        { "stablelm", s_base with { Norm = NormKind.Layer, Rotary = new() { Fraction = 0.25 }, KeyValueHeadCount = 6, Biased = [LinearKind.Query, LinearKind.Key, LinearKind.Value] }, 3 },
        { "gemma", s_base with { Norm = NormKind.RmsGainPlusOne, Activation = ActivationKind.GeluTanh, KeyValueHeadCount = 1, EmbeddingScale = MathF.Sqrt(48), TiedEmbeddings = true }, 1 },
        { "layer norm, tied, erf", s_base with { Norm = NormKind.Layer, Activation = ActivationKind.GeluErf, TiedEmbeddings = true }, 3 },
        { "half rotary, biases", s_base with { Rotary = new() { Fraction = 0.5 }, Biased = s_base.Linears }, 1 },
        { "hidden size that is no power", s_base with { Norm = NormKind.Layer, HiddenSize = 37 }, 3 },
    };

    [Theory]
    [MemberData(nameof(Families))]
    public void Every_layer_agrees_with_the_simulation(string name, DecoderArchitecture architecture, int format)
    {
        string folder = Directory.CreateTempSubdirectory("mobilequant-family-").FullName;
        try
        {
            foreach (ActivationMode activations in (ActivationMode[])[ActivationMode.Token, ActivationMode.Static])
            {
                using DecoderModel model = RandomDecoder.Create(architecture, seed: 4);
                QuantizedGraph graph = Graph(model, activations);
                string path = Path.Combine(folder, $"{activations}.mq.safetensors");
                ArtifactLowering.Write(graph, new("1.2.3", new string('a', 64), null), path);
                using Simulation simulation = new(graph);
                using QuantizedModel integer = QuantizedModel.Open(path, verifyWeights: true);
                Assert.Equal(format, integer.Manifest!.FormatVersion);
                Assert.Equal(format == 3 ? NormForm.Layer : NormForm.RootMeanSquare, integer.Manifest.Program.Norm);
                Assert.Equal(architecture.Rotary.RotatedSize(16) / 2, integer.Program.RotaryIncrements.Length);

                IntegerComparison comparison = IntegerComparison.Of(model, simulation, integer, RandomDecoder.Ids(architecture, 60, seed: 99));
                output.WriteLine($"{name} {activations}: {comparison}");
                Assert.InRange(comparison.Least, activations == ActivationMode.Token ? 30 : 25, 200);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_bias_far_above_the_gains_still_fits()
    {
        DecoderArchitecture architecture = s_base with { Norm = NormKind.Layer };
        using DecoderModel model = RandomDecoder.Create(architecture, seed: 4);
        NormWeights norm = model.Weights.Layers[1].MlpNorm;
        norm.Bias!.fill_(1000);
        NormLowering lowered = new(NormKind.Layer, norm);
        Assert.InRange(1000 / lowered.Unit, (1 << 28) - 1, 1 << 28);
        norm.Bias.fill_(0);
        norm.Gain.fill_(0);
        Assert.InRange(new NormLowering(NormKind.Layer, norm).Unit, 1e-9, 1);
    }

    [Fact]
    public void Plain_mlps_are_refused_by_name()
    {
        using DecoderModel model = RandomDecoder.Create(s_base with { GatedMlp = false }, seed: 4);
        MobileQuantException e = Assert.Throws<MobileQuantException>(() =>
            ArtifactLowering.Write(Graph(model, ActivationMode.Token), new("1.2.3", "", null), Path.Combine(Path.GetTempPath(), Path.GetRandomFileName())));
        Assert.Equal("MQ3053", e.Code);
    }

    internal static QuantizedGraph Graph(DecoderModel model, ActivationMode activations) => new()
    {
        Architecture = model.Architecture,
        Weights = model.Weights,
        Precision = Precision.W8A8,
        Activations = activations,
        Schemes = new(new(8, WeightSymmetry.Symmetric, WeightGranularity.Channel)),
        Ranges = Calibrator.Observe(model, new([.. Enumerable.Range(0, 8).Select(i => RandomDecoder.Ids(model.Architecture, 60, i))], "text")).ToSiteRanges(),
        Recipe = new("test", new Dictionary<string, string>()),
    };
}
