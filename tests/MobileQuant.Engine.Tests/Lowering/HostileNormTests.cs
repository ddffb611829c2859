using MobileQuant.Artifacts;
using MobileQuant.Lowering;
using MobileQuant.Modeling;
using MobileQuant.Programs;
using MobileQuant.Quantization;
using MobileQuant.Tests.Modeling;

namespace MobileQuant.Tests.Lowering;

/// <summary>Artifacts whose norms make no sense, with digests that match.</summary>
public sealed class HostileNormTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mobilequant-norms-").FullName;
    private readonly string _artifact;

    public HostileNormTests()
    {
        _artifact = Path.Combine(_folder, "model.mq.safetensors");
        DecoderArchitecture architecture = RandomDecoder.Architecture with { Norm = NormKind.Layer, Rotary = new() { Fraction = 0.5 } };
        using DecoderModel model = RandomDecoder.Create(architecture, seed: 4);
        ArtifactLowering.Write(FamilyLoweringTests.Graph(model, ActivationMode.Token), new("1.2.3", new string('a', 64), null), _artifact);
    }

    [Fact]
    public void An_unchanged_file_is_read()
    {
        using QuantizedModel model = QuantizedModel.Open(PatchedArtifact.WithProgram(_artifact, _folder, _ => { }), verifyWeights: true);
        Assert.Equal(NormForm.Layer, model.Program.FinalNorm.Form);
        Assert.Equal(24, model.Program.Layers[1].AttentionNorm.Biases.Length);
        Assert.Equal(2, model.Program.RotaryIncrements.Length);
    }

    [Theory]
    [InlineData("\"Batch\"")]
    [InlineData("7")]
    [InlineData("-1")]
    [InlineData("null")]
    [InlineData("{}")]
    public void A_norm_that_nobody_knows_is_refused(string norm) =>
        Refused(PatchedArtifact.WithProgram(_artifact, _folder, program => program["norm"] = System.Text.Json.Nodes.JsonNode.Parse(norm)));

    [Theory]
    [InlineData("final_norm.biases")]
    [InlineData("layers.0.attention.norm.biases")]
    [InlineData("layers.1.mlp.norm.biases")]
    [InlineData("layers.1.mlp.norm.gains")]
    public void A_missing_tensor_is_refused(string tensor) => Refused(PatchedArtifact.WithoutTensor(_artifact, _folder, tensor));

    [Theory]
    [InlineData("final_norm.biases", (1 << 28) + 1)]
    [InlineData("layers.0.attention.norm.biases", int.MinValue)]
    [InlineData("layers.1.mlp.norm.biases", int.MaxValue)]
    [InlineData("layers.1.mlp.norm.gains", (1 << 30) + 1)]
    [InlineData("layers.0.attention.norm.gains", int.MinValue)]
    public void A_value_beyond_its_proven_range_is_refused(string tensor, int value) => Refused(PatchedArtifact.WithElement(_artifact, _folder, tensor, 23, value));

    [Fact]
    public void A_value_at_the_end_of_its_range_is_read()
    {
        using QuantizedModel model = QuantizedModel.Open(PatchedArtifact.WithElement(_artifact, _folder, "final_norm.biases", 3, -(1 << 28)));
        Assert.Equal(-(1 << 28), model.Program.FinalNorm.Biases[3]);
    }

    [Fact]
    public void A_flipped_bit_anywhere_is_one_clear_error()
    {
        byte[] good = File.ReadAllBytes(_artifact);
        string path = Path.Combine(_folder, "flipped.mq.safetensors");
        Random random = new(5);
        int headerEnd = (int)BitConverter.ToInt64(good) + 8;
        for (int i = 0; i < 100; i++)
        {
            byte[] bad = [.. good];
            bad[random.Next(headerEnd, good.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, bad);
            Refused(path);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Refused(string path) =>
        Assert.Equal("MQ6003", Assert.Throws<MobileQuantException>(() => QuantizedModel.Open(path, verifyWeights: true)).Code);
}
