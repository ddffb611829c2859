using System.Text.Json.Nodes;
using MobileQuant.Quantization;

namespace MobileQuant.Tests.Lowering;

/// <summary>Artifacts whose wide inputs or prefix make no sense, with digests that match: the reader's own checks must find them.</summary>
public sealed class HostileInputTests : IDisposable
{
    private readonly LoweredModel _model = new(LoweredModel.Request("W8A8", ActivationMode.Static) with
    {
        WideSites = WideSites.Parse("layers.0.mlp.down.input"),
        Prefix = SinkPrefix.Parse("2,13"),
    });

    [Fact]
    public void An_unchanged_manifest_is_read()
    {
        using QuantizedModel model = QuantizedModel.Open(Patched(_ => { }));
        Assert.Equal(2, model.Program.Prefix!.Length);
        Assert.True(model.Program.Layers[0].DownInput.IsWide);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(17)]
    [InlineData(-9)]
    [InlineData(int.MaxValue)]
    public void A_width_outside_of_9_to_16_is_refused(int bits) => Refused(program => Down(program)["wideBits"] = bits);

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    [InlineData(32769)]
    [InlineData(-32768)]
    public void A_wide_input_has_one_zero_point(int zero) => Refused(program => Down(program)["scale"]!["zeroPoint"] = zero);

    [Fact]
    public void A_narrow_input_has_no_wide_zero_point() => Refused(program => Down(program).AsObject().Remove("wideBits"));

    [Theory]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("[1,2,3]")]
    [InlineData("[-1,2]")]
    [InlineData("[1,2048]")]
    [InlineData("[2147483647,1]")]
    public void A_prefix_that_does_not_fit_its_tensors_or_the_vocabulary_is_refused(string tokens) => Refused(program => program["prefix"] = JsonNode.Parse(tokens));

    [Fact]
    public void A_prefix_without_tensors_is_refused()
    {
        using LoweredModel plain = new(LoweredModel.Request("W8A8", ActivationMode.Static) with { WideSites = WideSites.None });
        Assert.Equal("MQ6003", Assert.Throws<MobileQuantException>(() => QuantizedModel.Open(Patched(program => program["prefix"] = JsonNode.Parse("[1]"), plain.Path))).Code);
    }

    public void Dispose() => _model.Dispose();

    private static JsonNode Down(JsonNode program) => program["layers"]![0]!["downInput"]!;

    private void Refused(Action<JsonNode> change) =>
        Assert.Equal("MQ6003", Assert.Throws<MobileQuantException>(() => QuantizedModel.Open(Patched(change))).Code);

    private string Patched(Action<JsonNode> change, string? path = null) =>
        PatchedArtifact.WithProgram(path ?? _model.Path, Path.GetDirectoryName(_model.Path)!, change);
}
