using MobileQuant.Calibration;
using MobileQuant.Checkpoints;
using MobileQuant.Evaluation;
using MobileQuant.Hardening;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Tests.Modeling;
using MobileQuant.Tests.Quantization;
using MobileQuant.Torch;
using TorchSharp;
using Xunit.Abstractions;

namespace MobileQuant.Tests.Hardening;

public class HardenedCheckpointTests(ITestOutputHelper output)
{
    private static readonly SiteKind[] LoudSites = [SiteKind.AttentionInput, SiteKind.MlpInput, SiteKind.UpOutput, SiteKind.DownInput];

    public static TheoryData<string, DecoderArchitecture> Architectures => SmoothingPairTests.Architectures;

    [Theory]
    [MemberData(nameof(Architectures))]
    public void The_function_stays_and_the_asked_channels_become_as_loud_as_asked(string name, DecoderArchitecture architecture)
    {
        HardeningOptions options = new() { Seed = 3, Share = 0.1 };
        using DecoderModel soft = RandomDecoder.Create(architecture, seed: 5);
        using MemoryCheckpoint checkpoint = new(soft);
        using HardenedCheckpoint hardened = new(checkpoint, options);
        using DecoderModel hard = new(architecture, WeightLoader.Load(hardened), ownsWeights: true);
        CalibrationSet set = new([RandomDecoder.Ids(architecture, 24, seed: 1), RandomDecoder.Ids(architecture, 24, seed: 2)], "text");

        CheckLogits(soft, hard, set.Windows, name);

        // What layers read is observed, not derived: where a channel is not loud it is as it was.
        CalibrationStatistics before = Calibrator.Observe(soft, set);
        CalibrationStatistics after = Calibrator.Observe(hard, set);
        int loud = 0;
        foreach (SmoothingPair pair in SmoothingPair.Enumerate(architecture, [SmoothingKind.AttentionNorm, SmoothingKind.MlpNorm, SmoothingKind.UpDown]))
        {
            float[] was = before[pair.ConsumerInput].AbsoluteMaximum();
            float[] factors = [.. after[pair.ConsumerInput].AbsoluteMaximum().Zip(was, (now, then) => MathF.Round(now / then, 2))];
            Assert.Equal((int)Math.Round(0.1 * was.Length, MidpointRounding.AwayFromZero), factors.Count(factor => factor != 1));
            Assert.All(factors, factor => Assert.Contains(factor, (float[])[1, 8, 16, 32, 64]));
            loud += factors.Count(factor => factor != 1);
        }

        Assert.Equal(loud, hardened.LoudChannels);
        SiteRanges softRanges = before.ToSiteRanges();
        SiteRanges hardRanges = after.ToSiteRanges();
        foreach (Site site in softRanges.Sites.Where(site => !LoudSites.Contains(site.Kind)))
        {
            float was = softRanges[site].AbsoluteMaximum;
            Assert.Equal(was, hardRanges[site].AbsoluteMaximum, 1e-4f * (1 + was));
        }
    }

    [SharedDataTheory]
    [InlineData("llama-gqa")]
    [InlineData("llama-mha-tied")]
    [InlineData("llama-biases")]
    [InlineData("qwen2")]
    [InlineData("stablelm")]
    [InlineData("gemma")]
    public void Folders_of_every_family_keep_their_function(string fixture) => CheckFolder(SharedData.Path("golden", "fixtures", fixture), tokens: 32);

    [SharedDataTheory]
    [InlineData("docs-stablelm-13m")]
    [InlineData("docs-gemma-10m")]
    public void Trained_models_keep_their_function(string name) => CheckFolder(SharedData.Path("models", name), tokens: 128);

    [Fact]
    public void The_default_model_keeps_its_function() => CheckFolder(SharedData.DefaultModel, tokens: 128);

    [Fact]
    public void Rounding_a_hard_variant_collapses_and_smoothing_rescues_it()
    {
        TorchRuntime.EnsureLoaded();
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.DefaultModel);
        using HardenedCheckpoint hardened = new(checkpoint, new());
        using DecoderModel soft = Load(checkpoint);
        CalibrationSet text = ModelSampler.Sample(soft, count: 12, length: 96, seed: 7);

        double real = Perplexity(soft, text, null);
        double easy = Perplexity(checkpoint, text, new RoundToNearest());
        double collapsed = Perplexity(hardened, text, new RoundToNearest());
        double smoothed = Perplexity(hardened, text, new SmoothQuantEdge());
        output.WriteLine($"float {real:0.000}, rounded {easy:0.000}, hard and rounded {collapsed:0.000}, hard and smoothed {smoothed:0.000}");

        Assert.InRange(easy / real, 0.9, 1.15);
        Assert.InRange(collapsed / real, 2, double.MaxValue);
        Assert.InRange(smoothed / real, 0.9, 1.15);
    }

    [Theory]
    [InlineData(0.01, 300, 3)]
    [InlineData(0.01, 160, 2)]
    [InlineData(0.001, 20, 1)]
    [InlineData(1, 20, 20)]
    public void A_share_of_the_channels_is_drawn_and_at_least_one(double share, int channels, int loud)
    {
        HardeningOptions options = new() { Share = share, MinimumFactor = 2, MaximumFactor = 4 };
        float[] factors = options.Draw(channels, new Random(1));
        Assert.Equal(loud, factors.Count(factor => factor != 1));
        Assert.All(factors, factor => Assert.Contains(factor, (float[])[1, 2, 4]));
    }

    [Fact]
    public void The_seed_decides_which_channels()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 5);
        using MemoryCheckpoint checkpoint = new(model);
        float[] Gains(int seed)
        {
            using HardenedCheckpoint hardened = new(checkpoint, new() { Seed = seed });
            float[] gains = new float[model.Architecture.HiddenSize];
            hardened.Read(TensorNames.Weight(checkpoint.Names.AttentionNorm, 1), 0, gains);
            return gains;
        }

        Assert.Equal(Gains(1), Gains(1));
        Assert.NotEqual(Gains(1), Gains(2));
    }

    [Fact]
    public void A_run_of_elements_is_what_the_whole_has_there()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 5);
        using MemoryCheckpoint checkpoint = new(model);
        using HardenedCheckpoint hardened = new(checkpoint, new() { Share = 0.5 });
        string name = TensorNames.Weight(checkpoint.Names.Linears[LinearKind.Up], 1);
        float[] whole = new float[40 * 24];
        hardened.Read(name, 0, whole);
        float[] part = new float[100];
        hardened.Read(name, 131, part);
        Assert.Equal(whole[131..231], part);
        Assert.NotEqual(Golden.Values(model.Weights.Layers[1][LinearKind.Up].Weight), whole);
    }

    private void CheckFolder(string source, int tokens)
    {
        TorchRuntime.EnsureLoaded();
        string folder = Directory.CreateTempSubdirectory("mobilequant-hard-").FullName;
        try
        {
            string made = Path.Combine(folder, "hard");
            HardeningResult result = HardeningJob.Run(source, made, new());
            using ICheckpoint soft = CheckpointReader.Open(source);
            using ICheckpoint hard = CheckpointReader.Open(made);
            Assert.Equal(soft.Architecture.ToString(), hard.Architecture.ToString());
            Assert.Equal(soft.Architecture.LayerCount * 3, result.Pairs);
            Assert.InRange(result.LoudChannels, result.Pairs, int.MaxValue);
            using DecoderModel expected = Load(soft);
            using DecoderModel actual = Load(hard);
            CheckLogits(expected, actual, [RandomDecoder.Ids(soft.Architecture, tokens, seed: 1)], Path.GetFileName(source));
            using torch.Tensor change = expected.Weights.Layers[0].AttentionNorm.Gain - actual.Weights.Layers[0].AttentionNorm.Gain;
            Assert.InRange(Golden.Values(change).Max(Math.Abs), 1e-3f, float.MaxValue);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private void CheckLogits(DecoderModel expected, DecoderModel actual, IReadOnlyList<int[]> windows, string name)
    {
        using torch.Tensor ids = TokenTensor.Of(windows);
        using DecoderOutput before = expected.Forward(ids);
        using DecoderOutput after = actual.Forward(ids);
        float[] reference = Golden.Values(before.Logits);
        float relative = Golden.MaximumDifference(reference, Golden.Values(after.Logits)) / reference.Max(Math.Abs);
        output.WriteLine($"{name}: logits differ by at most {relative} of the largest");
        Assert.InRange(relative, 0, 1e-4f);
    }

    private static double Perplexity(ICheckpoint checkpoint, CalibrationSet text, IRecipe recipe)
    {
        using DecoderModel model = Load(checkpoint);
        return Perplexity(model, text, recipe);
    }

    /// <summary>On the last four windows; static activations from the others.</summary>
    private static double Perplexity(DecoderModel model, CalibrationSet text, IRecipe? recipe)
    {
        int length = text.WindowLength;
        int[] ids = [.. text.Windows.TakeLast(4).SelectMany(window => window)];
        if (recipe is null)
        {
            return PerplexityEvaluator.Evaluate(new FloatLanguageModel("float", model), "text", ids, length).Perplexity;
        }

        CalibrationSet seen = text with { Windows = [.. text.Windows.SkipLast(4)] };
        RecipeContext context = new()
        {
            Model = model,
            Calibration = seen,
            Statistics = Calibrator.Observe(model, seen),
            Precision = Precision.W8A8,
            Activations = ActivationMode.Static,
            Schemes = new(new(8, WeightSymmetry.Symmetric, WeightGranularity.Channel)),
            Alpha = 0.5,
        };
        RecipeOutcome outcome = recipe.Apply(context);
        using Simulation simulation = new(context.ToGraph(outcome.Statistics, new(recipe.Name, outcome.Settings)));
        return PerplexityEvaluator.Evaluate(new FloatLanguageModel("simulation", model, simulation), "text", ids, length).Perplexity;
    }

    private static DecoderModel Load(ICheckpoint checkpoint) => new(checkpoint.Architecture, WeightLoader.Load(checkpoint), ownsWeights: true);
}
