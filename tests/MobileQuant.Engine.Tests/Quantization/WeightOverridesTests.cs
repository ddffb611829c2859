using MobileQuant.Checkpoints;
using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Tests.Quantization;

public class WeightOverridesTests
{
    private static readonly WeightScheme s_default = new(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel, 64);

    [Theory]
    [InlineData("", "")]
    [InlineData(" ; ", "")]
    [InlineData("down=W8", "layers.*.mlp.down=W8")]
    [InlineData("Layers.3.MLP.Down = w8 ; layers.*.attention.o=W4B32;", "layers.3.mlp.down=W8; layers.*.attention.o=W4B32")]
    [InlineData("attention.q=W4;v=w4b64", "layers.*.attention.q=W4; layers.*.attention.v=W4B64")]
    public void Text_has_one_spelling(string text, string expected)
    {
        Assert.Equal(expected, WeightOverrides.Parse(text).ToString());
        Assert.Equal(expected, WeightOverrides.Parse(expected).ToString());
        Assert.Equal(expected.Length == 0, WeightOverrides.Parse(text).IsEmpty);
    }

    [Theory]
    [InlineData("down")]
    [InlineData("down=W5")]
    [InlineData("down=8")]
    [InlineData("sideways=W8")]
    [InlineData("layers.3.down=W8")]
    [InlineData("layers.x.mlp.down=W8")]
    [InlineData("layers.99999999999.mlp.down=W8")]
    [InlineData("layers.*.mlp.*=W8")]
    [InlineData("layers.3.mlp.q=W8")]
    [InlineData("mlp.down.input=W8")]
    public void What_names_no_layer_or_width_is_one_error(string text)
    {
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => WeightOverrides.Parse("up=W8;" + text));
        Assert.Equal("MQ1015", e.Code);
        Assert.Contains($"'{text}'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_that_matches_counts_and_the_rest_keep_the_default()
    {
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.DefaultModel);
        WeightSchemes schemes = WeightOverrides.Parse("down=W8; layers.1.mlp.down=W4B32").Apply(s_default, WeightSymmetry.Default, checkpoint.Architecture);
        Assert.Equal(s_default, schemes[0, LinearKind.Up]);
        Assert.Equal(new WeightScheme(8, WeightSymmetry.Symmetric, WeightGranularity.Channel), schemes[0, LinearKind.Down]);
        Assert.Equal(new WeightScheme(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel, 32), schemes[1, LinearKind.Down]);
        schemes = WeightOverrides.Parse("o=W8").Apply(s_default, WeightSymmetry.Asymmetric, checkpoint.Architecture);
        Assert.Equal(WeightSymmetry.Asymmetric, schemes[0, LinearKind.Output].Symmetry);
    }

    [Fact]
    public void A_layer_that_the_model_lacks_is_named()
    {
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.DefaultModel);
        int layers = checkpoint.Architecture.LayerCount;
        MobileQuantException e = Assert.Throws<MobileQuantException>(() =>
            WeightOverrides.Parse($"layers.{layers}.mlp.down=W8").Apply(s_default, WeightSymmetry.Default, checkpoint.Architecture));
        Assert.Equal("MQ1015", e.Code);
        Assert.Contains($"layers 0 to {layers - 1}", e.Message, StringComparison.Ordinal);
    }
}
