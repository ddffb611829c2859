using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Tests.Modeling;

namespace MobileQuant.Tests.Calibration;

public class ModelSamplerTests
{
    [Fact]
    public void The_seed_decides_and_every_window_opens_a_text()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 3);
        CalibrationSet first = ModelSampler.Sample(model, count: 5, length: 20, seed: 7);
        CalibrationSet again = ModelSampler.Sample(model, count: 5, length: 20, seed: 7);
        CalibrationSet other = ModelSampler.Sample(model, count: 5, length: 20, seed: 8);

        Assert.Equal(first.Windows, again.Windows);
        Assert.NotEqual(first.Windows, other.Windows);
        Assert.Equal("sampled", first.Source);
        Assert.All(first.Windows, window =>
        {
            Assert.Equal(20, window.Length);
            Assert.Equal(1, window[0]);
            Assert.All(window, id => Assert.InRange(id, 0, model.Architecture.VocabularySize - 1));
        });
    }

    [Fact]
    public void A_new_text_opens_where_one_ends()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture with { VocabularySize = 8 }, seed: 3);
        CalibrationSet set = ModelSampler.Sample(model, count: 8, length: 60, seed: 7);
        (int Previous, int Next)[] pairs = [.. set.Windows.SelectMany(w => w.Zip(w.Skip(1)))];
        Assert.Contains(pairs, pair => pair.Previous == 2);
        Assert.All(pairs.Where(pair => pair.Previous == 2), pair => Assert.Equal(1, pair.Next));
    }
}
