using MobileQuant.Caching;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Tests.Modeling;

namespace MobileQuant.Tests.Quantization;

public class StaticOptionTests
{
    [Theory]
    [InlineData("", "auto:16")]
    [InlineData(" AUTO ", "auto:16")]
    [InlineData("auto:3", "auto:3")]
    [InlineData("0", "0")]
    [InlineData("12", "12")]
    [InlineData("layers.1.MLP.down.input; layers.0.attention.o.input ;", "layers.0.attention.o.input;layers.1.mlp.down.input")]
    public void Wide_sites_have_one_spelling(string text, string canonical)
    {
        WideSites sites = WideSites.Parse(text);
        Assert.Equal(canonical, sites.ToString());
        Assert.Equal(sites, WideSites.Parse(sites.ToString()));
    }

    [Theory]
    [InlineData("some")]
    [InlineData("-1")]
    [InlineData("auto:many")]
    [InlineData("auto:")]
    [InlineData("head.input")]
    [InlineData("layers.0.mlp.down.input;7")]
    [InlineData(";")]
    public void Other_words_are_refused(string text) => Assert.Equal("MQ1016", Assert.Throws<MobileQuantException>(() => WideSites.Parse(text)).Code);

    [Fact]
    public void Names_stand_for_inputs_of_linear_layers_of_this_model()
    {
        DecoderArchitecture a = RandomDecoder.Architecture;
        Assert.Equal([new(1, SiteKind.DownInput)], WideSites.Parse("layers.1.mlp.down.input").Resolve(a));
        Assert.Equal(2, WideSites.Parse("layers.*.mlp.down.input;layers.0.mlp.down.input").Resolve(a).Count);
        foreach (string unknown in (string[])["layers.2.mlp.down.input", "layers.0.mlp.down.output", "layers.*.mlp.gate.input"])
        {
            MobileQuantException e = Assert.Throws<MobileQuantException>(() => WideSites.Parse(unknown).Resolve(a));
            Assert.Equal("MQ3030", e.Code);
            Assert.Contains(unknown, e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "none")]
    [InlineData("NONE", "none")]
    [InlineData("Auto", "auto")]
    [InlineData("1, 2", "1,2")]
    [InlineData("<|im_start|>", "<|im_start|>")]
    public void Prefixes_have_one_spelling(string text, string canonical) => Assert.Equal(canonical, SinkPrefix.Parse(text).ToString());

    [Fact]
    public void Prefixes_are_up_to_four_tokens_of_the_model()
    {
        DecoderArchitecture a = RandomDecoder.Architecture;
        Assert.Equal([1, 2, 3, 63], SinkPrefix.Parse("1 2 3 63").Resolve(a, null));
        Assert.Empty(SinkPrefix.Auto.Resolve(a, null));
        Assert.Equal("MQ1017", Assert.Throws<MobileQuantException>(() => SinkPrefix.Parse("1,2,3,4,5")).Code);
        Assert.Equal("MQ1017", Assert.Throws<MobileQuantException>(() => SinkPrefix.Parse("64").Resolve(a, null)).Code);
        Assert.Equal("MQ1017", Assert.Throws<MobileQuantException>(() => SinkPrefix.Parse("<s>").Resolve(a, null)).Code);
    }

    [Fact]
    public void Token_activations_have_neither()
    {
        QuantizationRequest request = new() { CheckpointPath = SharedData.DefaultModel, OutputPath = "out" };
        Assert.Equal(RequestNormalizer.Normalize(request).WideSites, RequestNormalizer.Normalize(request with { WideSites = WideSites.None }).WideSites);
        Assert.Equal("MQ1016", Assert.Throws<MobileQuantException>(() => RequestNormalizer.Normalize(request with { WideSites = WideSites.Parse("4") })).Code);
        Assert.Equal("MQ1017", Assert.Throws<MobileQuantException>(() => RequestNormalizer.Normalize(request with { Prefix = SinkPrefix.Auto })).Code);
        request = request with { Activations = ActivationMode.Static, WideSites = WideSites.Parse("4"), Prefix = SinkPrefix.Auto };
        Assert.Equal(request.WideSites, RequestNormalizer.Normalize(request).WideSites);
        Assert.Equal(SinkPrefix.Auto, RequestNormalizer.Normalize(request).Prefix);
    }
}
