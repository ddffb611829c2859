using MobileQuant.Calibration;
using MobileQuant.Learning;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Rounding;
using MobileQuant.Sensitivity;
using MobileQuant.Tests.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Learning;

[Collection(ProcessStateGroup.Name)]
public sealed class LearnerTests(Xunit.Abstractions.ITestOutputHelper output) : IDisposable
{
    private static readonly SmoothingKind[] s_all = Enum.GetValues<SmoothingKind>();

    private static readonly LearningSettings s_afterRounding = new() { AfterRounding = true, Loss = LearningLoss.Logits, BatchSize = 8 };

    private readonly string _folder = Directory.CreateTempSubdirectory("mqlearn").FullName;

    public static TheoryData<string, DecoderArchitecture, string> Cases => new()
    {
        { "grouped heads", RandomDecoder.Architecture, "W4A8" },
        { "blocks, a KV head per head", RandomDecoder.Architecture with { KeyValueHeadCount = 6 }, "W4B32A8" },
        { "one KV head, tied", RandomDecoder.Architecture with { KeyValueHeadCount = 1, TiedEmbeddings = true }, "W8A8" },
        { "layer norm, biases, partial rotary", RandomDecoder.Architecture with { Norm = NormKind.Layer, Biased = RandomDecoder.Architecture.Linears, Rotary = new() { Fraction = 0.25 } }, "W8A8" },
        { "gain plus one, GELU, scaled embedding", RandomDecoder.Architecture with { Norm = NormKind.RmsGainPlusOne, Activation = ActivationKind.GeluTanh, EmbeddingScale = 4.9 }, "W8A8" },
        { "plain MLP", RandomDecoder.Architecture with { GatedMlp = false, Activation = ActivationKind.GeluErf }, "W4A8" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Learning_keeps_the_function_and_lowers_the_loss(string name, DecoderArchitecture architecture, string precision)
    {
        Assert.NotEmpty(name);
        using DecoderModel model = RandomDecoder.Create(architecture, seed: 3);
        CalibrationSet windows = Windows(architecture);
        using torch.Tensor ids = TokenTensor.Of(windows.Windows);
        using DecoderOutput before = model.Forward(ids);
        QuantizedGraph graph = LearningGraph.Of(model, windows, precision, ActivationMode.Static);
        float[] unlearned = Golden.Values(model.Weights.Layers[0][LinearKind.Up].Weight);

        QuantizedGraph learned = Learner.Learn(graph, windows, Settings(steps: 60), new());

        using DecoderOutput after = model.Forward(ids);
        float[] expected = Golden.Values(before.Logits);
        Assert.InRange(Golden.MaximumDifference(expected, Golden.Values(after.Logits)), 0, 1e-4f * expected.Max(MathF.Abs));
        Assert.True(Golden.MaximumDifference(unlearned, Golden.Values(model.Weights.Layers[0][LinearKind.Up].Weight)) > 1e-3f);
        Assert.Equal(architecture.LayerCount * architecture.Linears.Count, learned.Clips.Count);
        IReadOnlyList<LearningPoint> curve = learned.Recipe.Learning!.Curve;
        Assert.InRange(curve[^1].Loss, 0, curve[0].Loss * 0.97);
        Assert.Equal(60, learned.Recipe.Learning!.Curve[^1].Step);
        Assert.Equal(0, learned.Recipe.Learning.SkippedSteps);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_rounded_weights_only_the_scales_of_rows_are_learned(string name, DecoderArchitecture architecture, string precision)
    {
        Assert.NotEmpty(name);
        using DecoderModel model = RandomDecoder.Create(architecture, seed: 3);
        CalibrationSet windows = Windows(architecture);

        // Eight bits leave nothing to learn.
        QuantizedGraph graph = ErrorFeedbackRounding.Apply(LearningGraph.Of(model, windows, precision.Replace("W8", "W4", StringComparison.Ordinal), ActivationMode.Token), windows);
        float[] weights = [.. model.Weights.All().SelectMany(Golden.Values)];
        double before = LossOf(model, graph, windows);

        QuantizedGraph learned = Learner.Learn(graph, windows, s_afterRounding with { Steps = 60 }, new());

        Assert.Equal(weights, learned.Weights.All().SelectMany(Golden.Values).ToArray());
        Assert.Empty(learned.Clips);
        Assert.Equal(graph.Codes.Count, learned.Codes.Count);
        foreach ((var linear, QuantizedWeight rounded) in graph.Codes)
        {
            QuantizedWeight rescaled = learned.Codes[linear];
            Assert.Equal(rounded with { Scales = rescaled.Scales }, rescaled);
            Assert.NotEqual(rounded.Scales, rescaled.Scales);
            Assert.All(rescaled.Scales.Zip(rounded.Scales), pair => Assert.InRange(pair.First / pair.Second, 0.5f, 2f));
        }

        double after = LossOf(model, learned, windows);
        output.WriteLine($"{before} {after}");
        Assert.InRange(after, 0, before * 0.8);
    }

    [Fact]
    public void Scales_of_rounded_rows_have_the_gradients_of_the_formula()
    {
        TorchRuntime.EnsureLoaded();
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Generator generator = new(5);
        torch.Tensor weight = torch.randn(6, 70, generator: generator);
        torch.Tensor loss = torch.randn(6, 70, generator: generator);
        QuantizedWeight codes = WeightQuantizer.Quantize(weight, new(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel, 32));
        using RescaledWeight rescaled = new(codes, null);
        for (int row = 0; row < 6; row++)
        {
            rescaled.Logarithms.Values[row] = 0.1f * (row - 2);
        }

        rescaled.Fill();
        (rescaled.Weights.Weight * loss).sum().backward();
        rescaled.TakeGradient();

        torch.Tensor logarithms = torch.tensor(rescaled.Logarithms.Values).view(6, 1).requires_grad_(true);
        torch.Tensor real = torch.empty(6, 70);
        WeightQuantizer.Dequantize(codes, real);
        (real * logarithms.exp() * loss).sum().backward();
        float[] expected = Golden.Values(logarithms.grad!);
        Assert.All(expected.Zip(rescaled.Logarithms.Gradient), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * (1 + Math.Abs(pair.First))));

        // What lowering gets is what passes saw.
        torch.Tensor lowered = torch.empty(6, 70);
        WeightQuantizer.Dequantize(rescaled.ToWeight(), lowered);
        Assert.Equal(Golden.Values(rescaled.Weights.Weight), Golden.Values(lowered));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void One_thread_and_two_learn_the_same_to_the_bit(string name, DecoderArchitecture architecture, string precision)
    {
        Assert.NotEmpty(name);
        int before = torch.get_num_threads();
        try
        {
            foreach (LearningSettings settings in (LearningSettings[])[Settings(steps: 8), s_afterRounding with { Steps = 8 }])
            {
                torch.set_num_threads(1);
                (float[] one, QuantizedGraph first) = Run(settings, new(), architecture, precision);
                torch.set_num_threads(2);
                (float[] two, QuantizedGraph second) = Run(settings, new(), architecture, precision);
                Assert.Equal(one, two);
                Assert.Equal(first.Recipe.Learning!.Curve, second.Recipe.Learning!.Curve);
                Assert.All(first.Codes, pair => Assert.Equal(pair.Value.Scales, second.Codes[pair.Key].Scales));
            }
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }

    [Theory]
    [InlineData("W4A8", ActivationMode.Static, QuantizationTarget.Cpu, false, false)]
    [InlineData("W4B32A8", ActivationMode.Token, QuantizationTarget.Cpu, false, false)]
    [InlineData("W4B32A8", ActivationMode.Token, QuantizationTarget.Cpu, false, true)]
    [InlineData("W8A8", ActivationMode.Static, QuantizationTarget.Npu, false, false)]
    [InlineData("W8A8", ActivationMode.Static, QuantizationTarget.Cpu, true, false)]
    [InlineData("W4A8", ActivationMode.Static, QuantizationTarget.Cpu, true, true)]
    public void The_learned_graphs_simulation_is_what_training_saw(string precision, ActivationMode activations, QuantizationTarget target, bool prefixed, bool rounded)
    {
        DecoderArchitecture architecture = RandomDecoder.Architecture with { Biased = [LinearKind.Query, LinearKind.Key, LinearKind.Value] };
        using DecoderModel model = RandomDecoder.Create(architecture, seed: 3);
        model.Prefix = prefixed ? [5, 9] : [];
        CalibrationSet windows = Windows(architecture);
        QuantizedGraph graph = LearningGraph.Of(model, windows, precision, activations, target) with
        {
            Prefix = model.Prefix,
            WideSites = prefixed ? new HashSet<Site> { new(1, SiteKind.DownInput) } : new HashSet<Site>(),
        };
        graph = rounded ? ErrorFeedbackRounding.Apply(graph, windows) : graph;
        using torch.Tensor ids = TokenTensor.Of(windows.Windows);
        using KeyValueCache? prefix = model.ComputePrefix();
        using LearnedModel student = new(graph, Settings(1), target, model, prefix);
        Random random = new(8);
        for (int layer = 0; layer < architecture.LayerCount; layer++)
        {
            foreach (LearnedParameter parameter in student.ParametersOf(layer))
            {
                for (int i = 0; i < parameter.Values.Length; i++)
                {
                    parameter.Values[i] += (float)(0.2 * (random.NextDouble() - 0.5));
                }
            }

            student.Fill(layer);
        }

        using IDisposable noGradient = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor x = student.Decoder.Embed(ids, student.Sites);
        for (int layer = 0; layer < architecture.LayerCount; layer++)
        {
            x = student.Decoder.RunLayer(layer, x, student.Sites, student.Prefix);
        }

        float[] trained = Golden.Values(student.Decoder.HeadInput(x, student.Sites));
        QuantizedGraph folded = student.Fold() with { Ranges = student.Sites.ToSiteRanges(graph.Ranges) };
        using Simulation simulation = new(folded, target);
        using torch.Tensor simulated = model.ForwardHidden(ids, simulation);
        float[] actual = Golden.Values(simulated);

        // A code more or less here and there, where products in another order fall on the other side of a tie.
        double noise = trained.Zip(actual, (a, b) => (double)(a - b) * (a - b)).Average();
        using torch.Tensor exact = model.ForwardHidden(ids);
        double lost = trained.Zip(Golden.Values(exact), (a, b) => (double)(a - b) * (a - b)).Average();
        Assert.InRange(noise, 0, lost * 0.01);
    }

    [Fact]
    public void A_run_that_was_stopped_goes_on_to_the_same_bits()
    {
        string path = Path.Combine(_folder, "state");
        LearningSettings[] all = [.. Enum.GetValues<LearningScope>().Select(scope => Settings(12) with { Scope = scope, BatchSize = 3 }), s_afterRounding with { Steps = 12, BatchSize = 3 }];
        foreach (LearningSettings settings in all)
        {
            (float[] whole, QuantizedGraph expected) = Run(settings, new());
            using CancellationTokenSource stop = new();
            StopAfter progress = new(8, stop);
            Assert.ThrowsAny<OperationCanceledException>(() => Run(settings, new() { StatePath = path, SaveInterval = 5, Progress = progress, CancellationToken = stop.Token }));
            Assert.True(File.Exists(path));

            // The state of this run is no other's.
            EventLog others = new();
            Run(settings with { FinalRateFraction = 0.3 }, new() { StatePath = path + "2", Progress = others });
            File.Copy(path, path + "2");
            Run(settings with { FinalRateFraction = 0.3, Steps = 1 }, new() { StatePath = path + "2", Progress = others });
            Assert.Contains(others.Events, e => e is QuantizationEvent.Message { Text: var text } && text.Contains("another run", StringComparison.Ordinal));

            EventLog events = new();
            (float[] resumed, QuantizedGraph actual) = Run(settings, new() { StatePath = path, SaveInterval = 5, Progress = events });
            Assert.Contains(events.Events, e => e is QuantizationEvent.Message { Text: var text } && text.Contains("after step 5", StringComparison.Ordinal));
            Assert.Equal(whole, resumed);
            Assert.All(expected.Codes, pair => Assert.Equal(pair.Value.Scales, actual.Codes[pair.Key].Scales));
            Assert.All(expected.Clips, pair => Assert.Equal(pair.Value.Minimum, actual.Clips[pair.Key].Minimum));
            Assert.All(expected.Ranges.Sites, site => Assert.Equal(expected.Ranges[site], actual.Ranges[site]));
            Assert.Equal(expected.Recipe.Learning!.Curve, actual.Recipe.Learning!.Curve);
            Assert.False(File.Exists(path));
        }
    }

    [Fact]
    public void Keeping_targets_and_the_number_of_layers_at_once_change_nothing()
    {
        (float[] expected, _) = Run(Settings(4) with { KeepsTargets = true }, new());
        (float[] actual, _) = Run(Settings(4) with { KeepsTargets = false }, new());
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Running_layers_again_for_their_gradients_changes_nothing()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture with { LayerCount = 3 }, seed: 3);
        CalibrationSet windows = Windows(model.Architecture);
        QuantizedGraph graph = LearningGraph.Of(model, windows, "W4A8", ActivationMode.Static);
        using torch.Tensor ids = TokenTensor.Of(windows.Windows);
        double[][] gradients = [.. new[] { 1, 2, 3 }.Select(layersPerGroup =>
        {
            using LearnedModel student = new(graph, Settings(1), QuantizationTarget.Cpu, model, null);
            using DisposeScope scope = torch.NewDisposeScope();
            Enumerable.Range(0, 3).ToList().ForEach(student.Fill);
            torch.Tensor x = student.Decoder.Embed(ids, student.Sites);
            new CheckpointedPass(student, layersPerGroup).Run(x, leaving => (0, torch.ones_like(leaving)), default);
            Enumerable.Range(0, 3).ToList().ForEach(student.TakeGradients);
            return Enumerable.Range(0, 3).SelectMany(student.ParametersOf).SelectMany(parameter => parameter.Gradient).ToArray();
        })];
        Assert.Contains(gradients[0], gradient => gradient != 0);
        Assert.Equal(gradients[0], gradients[1]);
        Assert.Equal(gradients[0], gradients[2]);
    }

    [Theory]
    [InlineData(LearningLoss.HiddenState)]
    [InlineData(LearningLoss.FinalNorm)]
    [InlineData(LearningLoss.Logits)]
    public void Every_loss_is_lowered(LearningLoss loss)
    {
        // Rounding makes single steps jump by more than is learned: means, and rates that a random model can follow.
        (_, QuantizedGraph learned) = Run(Settings(80) with { Loss = loss, TransformationRate = 2e-3, ClipRate = 2e-2, RangeRate = 2e-3 }, new());
        double[] losses = [.. learned.Recipe.Learning!.Curve.Select(point => point.Loss)];
        output.WriteLine($"{losses[0]} {losses[..10].Average()} {losses[^10..].Average()}");
        Assert.InRange(losses[^10..].Average(), 0, losses[0] * 0.96);
    }

    [Fact]
    public void Steps_that_are_not_finite_are_skipped_until_there_are_too_many()
    {
        EventLog events = new();
        LearningSettings settings = Settings(8) with { BatchSize = 2, Windows = 8 };
        QuantizedGraph learned = RunWithBroken(settings, new() { Progress = events }, brokenWindows: 1);
        Assert.Equal(2, learned.Recipe.Learning!.SkippedSteps);
        Assert.Equal(2, events.Events.Count(e => e is QuantizationEvent.Warning { Code: "MQ3032" }));
        Assert.All(Golden.Values(learned.Weights.Layers[0][LinearKind.Up].Weight), value => Assert.True(float.IsFinite(value)));

        MobileQuantException e = Assert.Throws<MobileQuantException>(() => RunWithBroken(settings with { Steps = 30 }, new(), brokenWindows: 8));
        Assert.Equal("MQ3031", e.Code);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Every step sees all windows, so that losses compare.</summary>
    internal static LearningSettings Settings(int steps) => new()
    {
        Steps = steps,
        BatchSize = 8,
        Transformations = s_all,
        TransformationRate = 5e-3,
        ClipRate = 2e-2,
        RangeRate = 5e-3,
    };

    /// <summary>Divergence of the graph's simulation from the float model.</summary>
    private static double LossOf(DecoderModel model, QuantizedGraph graph, CalibrationSet windows)
    {
        using CalibrationLoss loss = new(model, windows.Windows, 1);
        return loss.OfWhole(graph);
    }

    private static CalibrationSet Windows(DecoderArchitecture architecture) =>
        new([.. Enumerable.Range(0, 8).Select(i => RandomDecoder.Ids(architecture, 24, i))], "text");

    private static (float[] Weights, QuantizedGraph Learned) Run(
        LearningSettings settings, LearningEnvironment environment, DecoderArchitecture? architecture = null, string precision = "W4A8")
    {
        using DecoderModel model = RandomDecoder.Create(architecture ?? RandomDecoder.Architecture, seed: 3);
        CalibrationSet windows = Windows(model.Architecture);
        QuantizedGraph graph = LearningGraph.Of(model, windows, precision, ActivationMode.Static);
        QuantizedGraph learned = Learner.Learn(settings.AfterRounding ? ErrorFeedbackRounding.Apply(graph, windows) : graph, windows, settings, environment);
        return ([.. learned.Weights.All().SelectMany(Golden.Values)], learned);
    }

    /// <summary>A model with a token whose embedding is not a number, which some windows have.</summary>
    private static QuantizedGraph RunWithBroken(LearningSettings settings, LearningEnvironment environment, int brokenWindows)
    {
        DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 3);
        int broken = model.Architecture.VocabularySize - 1;
        CalibrationSet windows = new([.. Windows(model.Architecture).Windows.Select(window => window.Select(id => id % broken).ToArray())], "text");
        QuantizedGraph graph = LearningGraph.Of(model, windows, "W4A8", ActivationMode.Static);
        using (torch.Tensor row = model.Weights.Embedding.narrow(0, broken, 1))
        {
            row.fill_(float.NaN);
        }

        for (int i = 0; i < brokenWindows; i++)
        {
            windows.Windows[i][3] = broken;
        }

        return Learner.Learn(graph, windows, settings, environment);
    }

    private sealed class EventLog : IProgress<QuantizationEvent>
    {
        public List<QuantizationEvent> Events { get; } = [];

        public void Report(QuantizationEvent value) => Events.Add(value);
    }

    private sealed class StopAfter(int step, CancellationTokenSource stop) : IProgress<QuantizationEvent>
    {
        public void Report(QuantizationEvent value)
        {
            if (value is QuantizationEvent.Progress { Step: "learn" } progress && progress.Done == step)
            {
                stop.Cancel();
            }
        }
    }
}
