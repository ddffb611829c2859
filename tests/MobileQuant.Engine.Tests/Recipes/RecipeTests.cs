using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Tests.Modeling;
using TorchSharp;

namespace MobileQuant.Tests.Recipes;

public class RecipeTests
{
    [Theory]
    [InlineData("SmoothQuant-Edge", "SmoothQuant-Edge")]
    [InlineData(" smoothquant-edge ", "SmoothQuant-Edge")]
    [InlineData("roundtonearest", "RoundToNearest")]
    [InlineData("SMOOTHQUANT", "SmoothQuant")]
    public void Recipes_are_found_by_name_in_any_case(string name, string found) => Assert.Equal(found, RecipeCatalog.Find(name).Name);

    [Fact]
    public void An_unknown_recipe_lists_the_known()
    {
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => RecipeCatalog.Find("Magic"));
        Assert.Equal("MQ3001", e.Code);
        Assert.All(RecipeCatalog.All, recipe => Assert.Contains(recipe.Name, e.Remedy, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("W8A8", NormKind.Rms, "SmoothQuant-Edge")]
    [InlineData("W4A8", NormKind.Rms, "Rotated")]
    [InlineData("W4B64A8", NormKind.RmsGainPlusOne, "Rotated")]
    [InlineData("W4B64A8", NormKind.Layer, "SmoothQuant-Edge")]
    public void Auto_chooses_by_precision_and_norm_and_says_why(string precision, NormKind norm, string chosen)
    {
        DecoderArchitecture architecture = RandomDecoder.Architecture with { Norm = norm };
        RecipeChoice choice = RecipeCatalog.Choose(" Auto ", architecture, Precision.Parse(precision));
        Assert.Equal(chosen, choice.Recipe.Name);
        Assert.NotNull(choice.Reason);
        Assert.Null(RecipeCatalog.Choose("roundtonearest", architecture, Precision.Parse(precision)).Reason);
    }

    [Fact]
    public void Smoothing_rescues_static_activations_from_outlier_channels()
    {
        double nothing = ErrorOf(new RoundToNearest(), null);
        double norms = ErrorOf(new SmoothQuant(), 0.5);
        double edge = ErrorOf(new SmoothQuantEdge(), 0.5);
        double searched = ErrorOf(new SmoothQuantEdge(), null);

        Assert.InRange(norms, 0, nothing);
        Assert.InRange(edge, 0, norms * 0.5);
        Assert.InRange(searched, 0, norms * 0.75);
    }

    [Fact]
    public void A_searched_strength_is_reported_and_repeatable()
    {
        using DecoderModel first = HardModel();
        using DecoderModel second = HardModel();
        (_, RecipeOutcome one) = Run(first, new SmoothQuantEdge(), ActivationMode.Static, alpha: null);
        string alpha = one.Settings["alpha"];
        Assert.Equal("searched", one.Settings["alphaSource"]);
        Assert.NotEqual("none", alpha);

        // Walking over all candidates leaves the weights where the chosen one alone would have put them.
        Run(second, new SmoothQuantEdge(), ActivationMode.Static, double.Parse(alpha, System.Globalization.CultureInfo.InvariantCulture));
        Assert.All(first.Weights.All().Zip(second.Weights.All()), pair =>
        {
            float largest = Golden.Values(pair.First).Max(Math.Abs);
            Assert.InRange(Golden.MaximumDifference(Golden.Values(pair.First), Golden.Values(pair.Second)), 0, largest * 1e-5f);
        });
    }

    [Fact]
    public void A_channel_that_never_carries_anything_is_left_alone()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 5);
        using (torch.Tensor gain = model.Weights.Layers[0].AttentionNorm.Gain.narrow(0, 3, 1))
        {
            gain.zero_();
        }

        (CalibrationSet _, RecipeOutcome outcome) = Run(model, new SmoothQuantEdge(), ActivationMode.Static, 0.5);
        Assert.Equal(0, outcome.Statistics[new(0, SiteKind.AttentionInput)].Maximum[3]);
        Assert.All(model.Weights.All(), tensor => Assert.All(Golden.Values(tensor), value => Assert.True(float.IsFinite(value))));
    }

    [Fact]
    public void The_graph_describes_what_was_done()
    {
        using MobileQuant.Checkpoints.ICheckpoint checkpoint = MobileQuant.Checkpoints.CheckpointReader.Open(SharedData.DefaultModel);
        string text = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".txt");
        File.WriteAllText(text, string.Join('\n', Enumerable.Range(0, 300).Select(i => $"Once upon a time there were {i} little boats. They sailed on the big lake.")));
        try
        {
            List<QuantizationEvent> events = [];
            using QuantizedGraph graph = GraphQuantizer.Quantize(
                checkpoint,
                new() { CheckpointPath = checkpoint.Path, OutputPath = "unused", Precision = Precision.W4A8, Calibration = [text], Recipe = "smoothquant-edge", Alpha = 0.5 },
                progress: new EventList(events));
            Assert.Equal("SmoothQuant-Edge", graph.Recipe.Name);
            Assert.Equal("0.5", graph.Recipe.Settings["alpha"]);
            Assert.Equal("text", graph.Recipe.Settings["calibration"]);
            Assert.Equal(WeightSymmetry.Asymmetric, graph.Schemes.Default.Symmetry);
            Assert.All(graph.QuantizeLinear(0, LinearKind.Down).Codes, code => Assert.InRange(code, -8, 7));
            Assert.Equal(graph.QuantizeEmbedding().Codes, graph.QuantizeHead().Codes);
            Assert.Contains(events, e => e is QuantizationEvent.Progress { Step: "load" });
            Assert.Contains(events, e => e is QuantizationEvent.Progress { Step: "calibrate" });
        }
        finally
        {
            File.Delete(text);
        }
    }

    internal static (CalibrationSet Set, RecipeOutcome Outcome) Run(DecoderModel model, IRecipe recipe, ActivationMode activations, double? alpha)
    {
        CalibrationSet set = new([.. Enumerable.Range(0, 8).Select(i => RandomDecoder.Ids(model.Architecture, 32, i))], "text");
        RecipeContext context = ContextOf(model, set, activations, alpha);
        return (set, recipe.Apply(context));
    }

    private static RecipeContext ContextOf(DecoderModel model, CalibrationSet set, ActivationMode activations, double? alpha) => new()
    {
        Model = model,
        Calibration = set,
        Statistics = Calibrator.Observe(model, set),
        Precision = Precision.W8A8,
        Activations = activations,
        Schemes = new(new(8, WeightSymmetry.Symmetric, WeightGranularity.Channel)),
        Alpha = alpha,
    };

    /// <summary>A model with a few loud channels in front of every linear layer that has a legal pair.</summary>
    private static DecoderModel HardModel()
    {
        DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 9);
        Random random = new(4);
        foreach (SmoothingPair pair in SmoothingPair.Enumerate(model.Architecture, [SmoothingKind.AttentionNorm, SmoothingKind.MlpNorm, SmoothingKind.ValueOutput, SmoothingKind.UpDown]))
        {
            float[] quieter = [.. Enumerable.Range(0, pair.ChannelCount(model.Architecture)).Select(_ => random.Next(10) == 0 ? 1 / 64f : 1f)];
            pair.Fold(model.Architecture, model.Weights, quieter);
        }

        return model;
    }

    /// <summary>Mean squared error of the simulation's logits on a window that was not seen.</summary>
    private static double ErrorOf(IRecipe recipe, double? alpha)
    {
        using DecoderModel model = HardModel();
        using torch.Tensor ids = TokenTensor.Of(RandomDecoder.Ids(model.Architecture, 32, seed: 99));
        using DecoderOutput expected = model.Forward(ids);
        (CalibrationSet set, RecipeOutcome outcome) = Run(model, recipe, ActivationMode.Static, alpha);

        // The graph borrows the model's weights.
        QuantizedGraph graph = ContextOf(model, set, ActivationMode.Static, alpha).ToGraph(outcome.Statistics, new(recipe.Name, outcome.Settings));
        using Simulation simulation = new(graph);
        using DecoderOutput actual = model.Forward(ids, simulation);
        return Golden.Values(expected.Logits).Zip(Golden.Values(actual.Logits), (a, b) => (double)(a - b) * (a - b)).Average();
    }

    private sealed class EventList(List<QuantizationEvent> events) : IProgress<QuantizationEvent>
    {
        public void Report(QuantizationEvent value) => events.Add(value);
    }
}
