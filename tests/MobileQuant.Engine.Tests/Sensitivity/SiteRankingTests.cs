using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Sensitivity;
using MobileQuant.Tests.Modeling;

namespace MobileQuant.Tests.Sensitivity;

public class SiteRankingTests
{
    private static readonly DecoderArchitecture s_architecture = RandomDecoder.Architecture with { LayerCount = 5 };

    [Theory]
    [InlineData(1, SmoothingKind.UpDown, "layers.1.mlp.down.input")]
    [InlineData(3, SmoothingKind.MlpNorm, "layers.3.mlp.input")]
    [InlineData(2, SmoothingKind.ValueOutput, "layers.2.attention.o.input")]
    public void A_planted_outlier_makes_its_site_the_most_sensitive(int layer, SmoothingKind kind, string expected)
    {
        using DecoderModel model = RandomDecoder.Create(s_architecture, seed: 3);
        Plant(model, new(layer, kind));
        (RecipeContext context, CalibrationSet set) = Context(model);
        QuantizedGraph graph = context.ToGraph(context.Statistics, new("test", new Dictionary<string, string>()));
        using CalibrationLoss loss = new(model, [.. set.Windows.Take(4)], stride: 1);

        // With few to be found, the cheap measure has to let the right ones through to the full one.
        IReadOnlyList<(Site Site, double Loss)> ranked = SiteRanking.Rank(loss, graph, 1, null, default);
        Assert.Equal(9, ranked.Count);
        Assert.Equal(expected, ranked[0].Site.ToString());
        Assert.True(ranked[0].Loss > 3 * ranked[1].Loss);
        Assert.Equal(ranked.Select(pair => pair.Loss).OrderDescending(), ranked.Select(pair => pair.Loss));

        // Widening it takes its loss away, and that of the whole with it.
        QuantizedGraph wide = graph with { WideSites = new HashSet<Site> { ranked[0].Site } };
        Assert.InRange(loss.Of(wide, ranked[0].Site), 0, ranked[0].Loss / 100);
        Assert.InRange(loss.Of(wide), 0, loss.Of(graph) * 0.7);
    }

    [Fact]
    public void A_search_takes_the_planted_sites_and_stops()
    {
        using DecoderModel model = RandomDecoder.Create(s_architecture, seed: 3);
        Plant(model, new(1, SmoothingKind.UpDown));
        Plant(model, new(4, SmoothingKind.UpDown));
        (RecipeContext context, _) = Context(model);
        (RecipeOutcome outcome, _, IReadOnlySet<Site> sites) = StaticRefinement.Run(
            context, new RoundToNearest(), new RoundToNearest().Apply(context), WideSites.Parse("auto:12"));
        Assert.Superset(new HashSet<string> { "layers.1.mlp.down.input", "layers.4.mlp.down.input" }, sites.Select(site => site.ToString()).ToHashSet());
        Finding[] wide = [.. outcome.Findings.Where(finding => finding.Step == "wide")];
        Assert.Equal(["0", "1", "2", "4", "6", "8", "12"], wide.Select(finding => finding.Candidate));
        Assert.True(wide[2].Loss < wide[0].Loss / 2);
    }

    [Fact]
    public void Quantiles_leave_rare_values_out_and_wide_sites_alone()
    {
        ChannelRange Window(float low, float high) => new([low, 0], [high / 2, high]);
        Site site = new(0, SiteKind.DownInput);
        CalibrationStatistics statistics = new(
            s_architecture,
            new Dictionary<Site, ChannelRange> { [site] = Window(-40, 1000) },
            new Dictionary<Site, IReadOnlyList<ChannelRange>> { [site] = [Window(-1, 10), Window(-2, 20), Window(-3, 30), Window(-4, 40), Window(-40, 1000)] });
        Assert.Equal(new ValueRange(-40, 1000), statistics.ToSiteRanges()[site]);
        Assert.Equal(new ValueRange(-40, 1000), statistics.ToSiteRanges(_ => 1)[site]);
        Assert.Equal(new ValueRange(-3, 30), statistics.ToSiteRanges(_ => 0.5)[site]);
        Assert.Equal(new ValueRange(-22, 520), statistics.ToSiteRanges(_ => 0.875)[site]);

        // Folding divides channels, before the hull over them is taken.
        CalibrationStatistics divided = statistics.Divide([new(site, [0.25f, 10])]);
        Assert.Equal(new ValueRange(-12, 60), divided.ToSiteRanges(_ => 0.5)[site]);
    }

    private static (RecipeContext Context, CalibrationSet Set) Context(DecoderModel model)
    {
        CalibrationSet set = new([.. Enumerable.Range(0, 8).Select(i => RandomDecoder.Ids(model.Architecture, 32, i))], "text");
        return (new()
        {
            Model = model,
            Calibration = set,
            Statistics = Calibrator.Observe(model, set, keepWindows: true, null, default),
            Precision = Precision.W8A8,
            Activations = ActivationMode.Static,
            Schemes = new(new(8, WeightSymmetry.Symmetric, WeightGranularity.Channel)),
        }, set);
    }

    /// <summary>Makes one channel in front of the pair's consumers 200 times louder, function preserved.</summary>
    private static void Plant(DecoderModel model, SmoothingPair pair)
    {
        float[] scales = new float[pair.ChannelCount(model.Architecture)];
        Array.Fill(scales, 1);
        scales[5] = 1 / 200f;
        pair.Fold(model.Architecture, model.Weights, scales);
    }
}
