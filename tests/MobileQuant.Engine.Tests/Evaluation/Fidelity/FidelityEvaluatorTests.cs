using MobileQuant.Evaluation.Fidelity;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Tests.Lowering;
using TorchSharp;
using Xunit.Abstractions;

namespace MobileQuant.Tests.Evaluation.Fidelity;

public class FidelityEvaluatorTests(ITestOutputHelper output)
{
    private const string Text =
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the sunshine. One day, she saw a big, scary dog. " +
        "The dog was barking and Lily wanted to play with it. Her mom said, \"No, Lily. You can't play with the dog.\" Lily was sad, but then she saw a bird.";

    [Fact]
    public void Ratios_layer_by_layer_are_those_of_whole_passes()
    {
        using LoweredModel model = new(LoweredModel.Request("W4A8", ActivationMode.Static) with { Prefix = SinkPrefix.Parse("2,13") });
        int[] ids = model.Integer.Tokenizer!.Encode(Text + " " + Text);
        int[][] windows = [ids[..40], ids[40..80]];
        IReadOnlyList<SiteFidelity> found = FidelityEvaluator.OfSimulation(model.Graph, windows);

        model.Float.Prefix = model.Graph.Prefix;
        using Simulation simulation = new(model.Graph);
        Dictionary<Site, (double Signal, double Noise)> sums = [];
        foreach (int[] window in windows)
        {
            (Dictionary<Site, float[]> expected, Dictionary<Site, float[]> actual) = (Pass(model, window, null), Pass(model, window, simulation));
            Assert.Equal(expected.Keys, actual.Keys);
            foreach (Site site in expected.Keys)
            {
                (double signal, double noise) = sums.GetValueOrDefault(site);
                sums[site] = (
                    signal + expected[site].Sum(x => (double)x * x),
                    noise + expected[site].Zip(actual[site], (x, y) => ((double)x - y) * ((double)x - y)).Sum());
            }
        }

        Site[] inOrder = [.. Site.Enumerate(model.Graph.Architecture)];
        Assert.Equal(inOrder, found.Select(f => f.Site).Where(site => site.Kind != SiteKind.LayerOutput));
        Assert.Equal(model.Graph.Architecture.LayerCount, found.Count - inOrder.Length);
        foreach (SiteFidelity fidelity in found.Where(f => sums.ContainsKey(f.Site)))
        {
            (double signal, double noise) = sums[fidelity.Site];
            Assert.InRange(fidelity.Decibels - (10 * Math.Log10(signal / noise)), -0.01, 0.01);
        }

        // The last layer's stream, which whole passes do not give, is covered by the comparison with the runtime below.
        Assert.Equal(found.Count - 1, sums.Count);
    }

    [Theory]
    [InlineData("W8A8", "RoundToNearest", 25)]
    [InlineData("W4A8", "SmoothQuant-Edge", 26)]
    [InlineData("W4A8", "Rotated", 26)]
    public void The_runtime_is_as_far_from_float_as_the_simulation_is(string precision, string recipe, double leastDecibels)
    {
        using LoweredModel model = new(LoweredModel.Request(precision, ActivationMode.Token, recipe));
        int[] ids = model.Integer.Tokenizer!.Encode(Text + " " + Text);
        int[][] windows = [ids[..90]];
        Dictionary<Site, double> simulated = FidelityEvaluator.OfSimulation(model.Graph, windows).ToDictionary(f => f.Site, f => f.Decibels);
        IReadOnlyList<SiteFidelity> integers = FidelityEvaluator.OfRuntime(model.Float, null, model.Integer, windows);
        IReadOnlyList<SiteFidelity> between = FidelityEvaluator.OfRuntime(model.Graph, model.Integer, windows);
        output.WriteLine(string.Join("\n", integers.Zip(between, (f, b) => $"{f.Site}: simulation {simulated[f.Site]:f2}, integers {f.Decibels:f2}, between {b.Decibels:f1} dB")));
        int layers = model.Graph.Architecture.LayerCount;
        Assert.Equal((3 * layers) + 1, integers.Count);
        Assert.Equal(integers.Select(f => f.Site), between.Select(f => f.Site));

        // One window: codes that fall to the other side of a half move a site by some tenths of a decibel.
        Assert.All(integers, f => Assert.InRange(f.Decibels - simulated[f.Site], -1, 1));
        Assert.InRange(integers.Average(f => f.Decibels - simulated[f.Site]), -0.3, 0.3);
        Assert.All(between, f => Assert.InRange(f.Decibels, leastDecibels, 200));
    }

    [Theory]
    [InlineData("W8A8", ActivationMode.Token)]
    [InlineData("W4A8", ActivationMode.Static)]
    public void Integers_are_as_near_to_the_simulation_as_it_is_to_itself_with_the_noise_of_sixteen_bits(string precision, ActivationMode activations)
    {
        using LoweredModel model = new(LoweredModel.Request(precision, activations));
        int[] ids = model.Integer.Tokenizer!.Encode(Text + " " + Text)[..90];
        double integers = FidelityEvaluator.OfRuntime(model.Graph, model.Integer, [ids]).Single(f => f.Site.Kind == SiteKind.HeadOutput).Decibels;

        float[] expected = Logits(model, ids, model.Simulation);
        double Nudged(double noise) => Ratio(expected, Logits(model, ids, new Nudge(model.Simulation, noise)));
        output.WriteLine($"{precision} {activations}: integers {integers:f1} dB; nudged by 1e-6 {Nudged(1e-6):f1}, 1e-5 {Nudged(1e-5):f1}, 1e-4 {Nudged(1e-4):f1} dB");

        // What went in 80 dB under the signal comes out far above that: codes next to a border take the other one.
        Assert.InRange(Nudged(1e-4), 15, 60);
        Assert.True(integers > Nudged(1e-4) - 3, "The runtime loses more than rounding to 16 bits between linear layers explains.");
    }

    [Fact]
    public void Each_bit_is_six_decibels()
    {
        NoiseTable noise = new();
        float[] values = [.. Enumerable.Range(-5000, 10001).Select(i => i / 5000f)];
        int[] Codes(double step) => [.. values.Select(v => (int)Math.Round(v / step))];
        Site site = new(SiteKind.HeadOutput);
        double At(double step)
        {
            NoiseTable table = new();
            table.Add(site, values, Codes(step), step);
            return table.ToFidelities().Single().Decibels;
        }

        // Uniform over [-1, 1]: signal 1/3, noise step^2 / 12.
        Assert.Equal(20 * Math.Log10(2 * 64), At(1.0 / 64), 1);
        Assert.Equal(6.02, At(1.0 / 128) - At(1.0 / 64), 1);
        noise.Add(site, [1, 2], [1, 2], 1);
        Assert.Equal(double.PositiveInfinity, noise.ToFidelities().Single().Decibels);
    }

    private static float[] Logits(LoweredModel model, int[] window, ISiteTap tap)
    {
        using IDisposable noGradient = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        return Copies.Of(model.Float.ComputeLogits(model.Float.ForwardHidden(TokenTensor.Of(window), tap), tap));
    }

    private static double Ratio(float[] expected, float[] actual) =>
        10 * Math.Log10(expected.Sum(x => (double)x * x) / expected.Zip(actual, (x, y) => ((double)x - y) * ((double)x - y)).Sum());

    /// <summary>What every site gives in one whole pass; the residual stream behind all layers but the last with it.</summary>
    private static Dictionary<Site, float[]> Pass(LoweredModel model, int[] window, ISiteTap? tap)
    {
        Copies copies = new(tap);
        using torch.Tensor ids = TokenTensor.Of(window);
        using DecoderOutput forward = model.Float.Forward(ids, copies, hiddenStates: true);
        for (int layer = 0; layer < model.Graph.Architecture.LayerCount - 1; layer++)
        {
            copies.Values.Add(new(layer, SiteKind.LayerOutput), Copies.Of(forward.HiddenStates[layer + 1]));
        }

        return copies.Values;
    }

    /// <summary>A simulation with relative noise on the embedding.</summary>
    private sealed class Nudge(ISiteTap inner, double noise) : ISiteTap
    {
        public bool SeesInnerSites => inner.SeesInnerSites;

        public torch.Tensor Apply(Site site, torch.Tensor value)
        {
            torch.Tensor result = inner.Apply(site, value);
            if (site.Kind != SiteKind.EmbeddingOutput)
            {
                return result;
            }

            torch.manual_seed(1);
            return result * ((torch.randn(result.shape) * noise) + 1);
        }

        public torch.Tensor ApplyWeight(int layer, LinearKind kind, torch.Tensor weight) => inner.ApplyWeight(layer, kind, weight);

        public torch.Tensor ApplyHead(torch.Tensor weight) => inner.ApplyHead(weight);
    }

    private sealed class Copies(ISiteTap? inner) : ISiteTap
    {
        public Dictionary<Site, float[]> Values { get; } = [];

        public static float[] Of(torch.Tensor tensor) => tensor.contiguous().data<float>().ToArray();

        public torch.Tensor Apply(Site site, torch.Tensor value)
        {
            torch.Tensor result = inner?.Apply(site, value) ?? value;
            Values.Add(site, Of(result));
            return result;
        }

        public torch.Tensor ApplyWeight(int layer, LinearKind kind, torch.Tensor weight) => inner?.ApplyWeight(layer, kind, weight) ?? weight;

        public torch.Tensor ApplyHead(torch.Tensor weight) => inner?.ApplyHead(weight) ?? weight;
    }
}
