using MobileQuant.Artifacts;
using MobileQuant.Evaluation;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Tests.Lowering;

/// <summary>Wide inputs and stored prefixes from the request to the integer runtime, on the default model.</summary>
public class StaticActivationTests
{
    [SharedDataTheory]
    [InlineData("5", "none", "W8A8", 5)]
    [InlineData("layers.*.mlp.down.input; layers.2.attention.input", "none", "W8A8", 7)]
    [InlineData("layers.*.attention.o.input;layers.*.mlp.input", "2,13", "W4A8", 12)]
    public void The_integer_runtime_scores_text_as_the_simulation_does(string wide, string prefix, string precision, int sites)
    {
        using LoweredModel model = new(LoweredModel.Request(precision, ActivationMode.Static, "SmoothQuant-Edge") with
        {
            WideSites = WideSites.Parse(wide),
            Prefix = SinkPrefix.Parse(prefix),
        });
        Assert.Equal(sites, model.Graph.WideSites.Count);
        Assert.Equal(prefix == "none" ? [] : [2, 13], model.Graph.Prefix);
        Assert.Equal(model.Graph.Prefix.Count == 0 ? null : model.Graph.Prefix, model.Integer.Manifest!.Program.Prefix);

        model.Float.Prefix = model.Graph.Prefix;
        FloatLanguageModel simulation = new("simulation", model.Float, model.Simulation);
        using GenerationSession session = model.Integer.CreateSession();
        RuntimeLanguageModel integer = new("integer", session);
        Assert.Equal(simulation.ContextLength, integer.ContextLength);
        int[] ids = model.Integer.Tokenizer!.Encode(File.ReadAllText(SharedData.Path("eval", "heldout", "heldout_stories.txt")));
        double Perplexity(ILanguageModel of) => PerplexityEvaluator.Evaluate(of, "stories", ids, 400, 6).Perplexity;
        Assert.InRange(Perplexity(integer) / Perplexity(simulation), 0.995, 1.005);
    }

    [Fact]
    public void Wide_sites_are_told_with_the_widest_codes_that_their_readers_prove()
    {
        using LoweredModel model = new(LoweredModel.Request("W8A8", ActivationMode.Static) with { WideSites = WideSites.Parse("layers.1.mlp.input") });
        ManifestSite site = model.Integer.Manifest!.Sites.Single(s => s.Name == "layers.1.mlp.input");
        ManifestLayer layer = model.Integer.Manifest!.Program.Layers[1];
        Assert.InRange(site.Bits, 13, 16);
        Assert.Equal(site.Bits, layer.FeedForwardInput!.WideBits);
        long limit = (1L << (site.Bits - 1)) - 1;
        long[] bounds = [layer.Linears["gate"].AccumulatorBound, layer.Linears["up"].AccumulatorBound];
        Assert.All(bounds, bound => Assert.True(bound % limit == 0 && bound < 1L << 31));
        Assert.True(site.Bits == 16 || bounds.Max() / limit * ((limit * 2) + 1) >= 1L << 31);
        Assert.All(model.Integer.Manifest.Sites.Where(s => s.Name.EndsWith("input", StringComparison.Ordinal) && s.Name != site.Name), s => Assert.Equal(8, s.Bits));
    }

    [Fact]
    public void A_session_behind_a_prefix_counts_from_zero_and_repeats_itself_after_a_reset()
    {
        using LoweredModel model = new(LoweredModel.Request("W8A8", ActivationMode.Static) with { WideSites = WideSites.None, Prefix = SinkPrefix.Parse("2,13,2") });
        using GenerationSession session = model.Integer.CreateSession();
        Assert.Equal(model.Graph.Architecture.ContextLength - 3, session.ContextLength);
        Assert.Equal(0, session.Position);
        int[] first = session.Decode(50).ToArray();
        Assert.Equal(1, session.Position);
        session.Prefill([.. Enumerable.Range(100, 300)]);
        session.Reset();
        Assert.Equal(0, session.Position);
        Assert.Equal(first, session.Decode(50).ToArray());
        session.Reset();
        session.Prefill([.. Enumerable.Range(0, session.ContextLength)]);
        Assert.Equal("MQ6011", Assert.Throws<MobileQuantException>(() => session.Decode(1).Length).Code);
    }

    [Fact]
    public void Stored_keys_and_values_are_those_of_the_float_model()
    {
        using LoweredModel model = new(LoweredModel.Request("W8A8", ActivationMode.Static) with { WideSites = WideSites.None, Prefix = SinkPrefix.Parse("2,13") });
        using ArtifactFile file = ArtifactFile.Open(model.Path);
        DecoderArchitecture a = model.Graph.Architecture;
        using KeyValueCache cache = new(a, 1, 2);
        using torch.Tensor ids = TokenTensor.Of([2, 13]);
        model.Float.ForwardHidden(ids, null, cache).Dispose();
        ReadOnlySpan<byte> codes = file.GetBytes(ArtifactNames.PrefixKeys);
        IReadOnlyList<ManifestSite> sites = file.Manifest.Sites;
        for (int layer = 0; layer < a.LayerCount; layer++)
        {
            float[] keys = cache.Filled(layer).Keys.contiguous().data<float>().ToArray();
            ManifestSite site = sites.Single(s => s.Name == $"layers.{layer}.attention.k.cache.head0");
            for (int i = 0; i < keys.Length; i++)
            {
                double real = (codes[(layer * keys.Length) + i] - site.ZeroPoint) * site.Scale;
                Assert.InRange(real - keys[i], -0.51 * site.Scale, 0.51 * site.Scale);
            }
        }
    }

    [Fact]
    public void What_was_searched_is_in_the_manifest_with_its_figures()
    {
        using LoweredModel model = new(LoweredModel.Request("W8A8", ActivationMode.Static, "SmoothQuant-Edge") with { Alpha = null, WideSites = WideSites.Parse("auto:4"), Prefix = SinkPrefix.Auto });
        ArtifactManifest manifest = model.Integer.Manifest!;
        ILookup<string, ManifestFinding> steps = manifest.Findings!.ToLookup(finding => finding.Step);
        Assert.All((string[])["prefix", "alpha", "alpha with wide sites", "sensitivity", "range", "wide", "result"], step => Assert.NotEmpty(steps[step]));
        Assert.All((string[])["prefix", "alpha", "range", "wide"], step => Assert.Single(steps[step], finding => finding.Chosen));
        Assert.All(steps["range"].Concat(steps["alpha"]).GroupBy(f => f.Step), step => Assert.Equal(step.Min(f => f.Loss), step.Single(f => f.Chosen).Loss));
        Assert.Equal(model.Graph.WideSites.Count, steps["sensitivity"].Count(finding => finding.Chosen));
        Assert.InRange(model.Graph.WideSites.Count, 0, 4);
        Assert.Equal("auto:4", manifest.RecipeSettings["wideSites"]);
        Assert.Equal(manifest.RecipeSettings["wideSitesChosen"].Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), model.Graph.WideSites.Select(site => site.ToString()).Order());
        Assert.Equal(steps["alpha with wide sites"].Single(f => f.Chosen).Candidate, manifest.RecipeSettings["alpha"]);
    }
}
