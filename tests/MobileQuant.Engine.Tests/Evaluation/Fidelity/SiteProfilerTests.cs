using MobileQuant.Evaluation.Fidelity;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Tests.Modeling;

namespace MobileQuant.Tests.Evaluation.Fidelity;

public class SiteProfilerTests
{
    [Fact]
    public void A_site_is_described_by_its_loudest_channels()
    {
        SiteProfile profile = SiteProfiler.Describe(new(3, SiteKind.DownInput), new([-1, -2, 0, -40, 1], [1, 0.5f, 3, 5, 2]), outliers: 2);
        Assert.Equal(new(3, SiteKind.DownInput), profile.Site);
        Assert.Equal((-40, 5, 5), (profile.Minimum, profile.Maximum, profile.Channels));
        Assert.Equal(2, profile.MedianAbsoluteMaximum);
        Assert.Equal([new OutlierChannel(3, 40, 20), new OutlierChannel(2, 3, 1.5)], profile.Outliers);
    }

    [Fact]
    public void A_planted_outlier_is_named()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 3);
        SmoothingPair pair = new(1, SmoothingKind.UpDown);
        float[] scales = new float[pair.ChannelCount(model.Architecture)];
        Array.Fill(scales, 1);
        scales[5] = 1 / 64f;
        pair.Fold(model.Architecture, model.Weights, scales);
        IReadOnlyList<SiteProfile> profiles = SiteProfiler.Observe(model, [RandomDecoder.Ids(model.Architecture, 32, 1), RandomDecoder.Ids(model.Architecture, 32, 2)]);
        Assert.Equal(Site.Enumerate(model.Architecture).SkipLast(1), profiles.Select(p => p.Site));
        SiteProfile down = profiles.Single(p => p.Site == new Site(1, SiteKind.DownInput));
        Assert.Equal(5, down.Outliers[0].Channel);
        Assert.InRange(down.Outliers[0].Ratio, 8, 500);
        Assert.Equal(Math.Max(-down.Minimum, down.Maximum), down.Outliers[0].AbsoluteMaximum);
        Assert.All(profiles.Where(p => p.Site.Layer == 0), p => Assert.InRange(p.Outliers[0].Ratio, 1, 8));
    }
}
