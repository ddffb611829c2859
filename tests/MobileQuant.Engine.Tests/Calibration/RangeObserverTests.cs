using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Tests.Modeling;
using TorchSharp;

namespace MobileQuant.Tests.Calibration;

public class RangeObserverTests
{
    [Fact]
    public void Ranges_equal_those_of_every_tensor_taken_together()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 3);
        int[][] windows = [.. Enumerable.Range(0, 3).Select(i => RandomDecoder.Ids(model.Architecture, 16, i))];
        RangeObserver observer = new();
        WholeTensors whole = new();
        foreach (int[] window in windows)
        {
            using torch.Tensor ids = TokenTensor.Of(window);
            model.Forward(ids, observer).Dispose();
            model.Forward(ids, whole).Dispose();
        }

        SiteRanges ranges = observer.ToStatistics(model.Architecture).ToSiteRanges();
        Assert.Equal(Site.Enumerate(model.Architecture).Count(), ranges.Sites.Count());
        Assert.All(whole.Ranges, pair => Assert.Equal(pair.Value, ranges[pair.Key]));

        Site cache = new(1, SiteKind.KeyCache);
        ValueRange hull = ranges.Heads(cache).Aggregate(ValueRange.Empty, (a, b) => a.Union(b));
        Assert.Equal(ranges[cache], hull);
        Assert.NotEqual(ranges.Heads(cache)[0], ranges.Heads(cache)[1]);
    }

    private sealed class WholeTensors : ISiteTap
    {
        public Dictionary<Site, ValueRange> Ranges { get; } = [];

        public torch.Tensor Apply(Site site, torch.Tensor value)
        {
            float[] values = Golden.Values(value);
            Ranges[site] = Ranges.GetValueOrDefault(site, ValueRange.Empty).Union(new(values.Min(), values.Max()));
            return value;
        }
    }
}
