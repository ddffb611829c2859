using MobileQuant.Modeling;
using TorchSharp;

namespace MobileQuant.Tests.Modeling;

public class PrefixTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_model_behind_a_prefix_is_the_model_on_prefix_and_text(int length)
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 6);
        int[] prefix = RandomDecoder.Ids(model.Architecture, length, seed: 1);
        int[][] windows = [.. Enumerable.Range(0, 3).Select(i => RandomDecoder.Ids(model.Architecture, 20, 10 + i))];
        using torch.Tensor whole = TokenTensor.Of([.. windows.Select(window => (int[])[.. prefix, .. window])]);
        using torch.Tensor all = model.ForwardHidden(whole);
        using torch.Tensor expected = all.narrow(1, length, 20).contiguous();

        model.Prefix = prefix;
        using torch.Tensor text = TokenTensor.Of(windows);
        using torch.Tensor actual = model.ForwardHidden(text);
        Assert.InRange(Golden.MaximumDifference(Golden.Values(expected), Golden.Values(actual)), 0, 1e-5f);

        // The same with a cache, in two parts.
        using KeyValueCache cache = new(model.Architecture, 3, length + 20);
        using torch.Tensor front = text.narrow(1, 0, 7).contiguous();
        using torch.Tensor back = text.narrow(1, 7, 13).contiguous();
        using torch.Tensor first = model.ForwardHidden(front, null, cache);
        using torch.Tensor second = model.ForwardHidden(back, null, cache);
        Assert.Equal(length + 20, cache.Length);
        using torch.Tensor joined = torch.cat([first, second], 1);
        Assert.InRange(Golden.MaximumDifference(Golden.Values(expected), Golden.Values(joined)), 0, 1e-5f);

        // And layer by layer from the stream in between.
        List<torch.Tensor> states = [];
        model.ForwardHidden(text, null, null, states).Dispose();
        using KeyValueCache stored = model.ComputePrefix()!;
        using torch.Tensor stream = model.RunLayers(1, model.Architecture.LayerCount, states[1], null, stored);
        using torch.Tensor resumed = model.FinalNorm(stream);
        Assert.InRange(Golden.MaximumDifference(Golden.Values(expected), Golden.Values(resumed)), 0, 1e-5f);
        states.ForEach(state => state.Dispose());
    }

    [Fact]
    public void Observers_see_the_prefix_in_the_cache_and_nowhere_else()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 6);
        model.Prefix = [3, 4];
        Dictionary<SiteKind, long> tokens = [];
        using torch.Tensor ids = TokenTensor.Of(RandomDecoder.Ids(model.Architecture, 9, seed: 2));
        model.ForwardHidden(ids, new Counter(tokens)).Dispose();
        Assert.Equal(11, tokens[SiteKind.KeyCache]);
        Assert.Equal(11, tokens[SiteKind.ValueCache]);
        Assert.Equal(9, tokens[SiteKind.KeyRotated]);
        Assert.Equal(9, tokens[SiteKind.DownInput]);
        Assert.Equal(9, tokens[SiteKind.EmbeddingOutput]);
    }

    private sealed class Counter(Dictionary<SiteKind, long> tokens) : ISiteTap
    {
        public torch.Tensor Apply(Site site, torch.Tensor value)
        {
            tokens[site.Kind] = value.shape[^2];
            return value;
        }
    }
}
