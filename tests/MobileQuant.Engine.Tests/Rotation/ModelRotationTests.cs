using MobileQuant.Checkpoints;
using MobileQuant.Modeling;
using MobileQuant.Rotation;
using MobileQuant.Tests.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Rotation;

public class ModelRotationTests
{
    public static TheoryData<string, DecoderArchitecture> Architectures => new()
    {
        { "grouped heads", RandomDecoder.Architecture },
        { "a KV head per head, tied", RandomDecoder.Architecture with { KeyValueHeadCount = 6, TiedEmbeddings = true } },
        { "biases everywhere", RandomDecoder.Architecture with { Biased = RandomDecoder.Architecture.Linears } },
        { "heads of another size", RandomDecoder.Architecture with { HeadSize = 12 } },
        { "gain plus one, scaled embedding, tied", RandomDecoder.Architecture with { Norm = NormKind.RmsGainPlusOne, Activation = ActivationKind.GeluTanh, EmbeddingScale = 4.9, TiedEmbeddings = true } },
        { "gain plus one, scaled embedding", RandomDecoder.Architecture with { Norm = NormKind.RmsGainPlusOne, EmbeddingScale = 4.9 } },
        { "plain MLP, partial rotary", RandomDecoder.Architecture with { GatedMlp = false, Rotary = new() { Fraction = 0.5 } } },
        { "an odd width", RandomDecoder.Architecture with { HiddenSize = 27 } },
    };

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Rotation_keeps_the_function_of_random_models(string name, DecoderArchitecture architecture)
    {
        Assert.NotEmpty(name);
        using DecoderModel model = RandomDecoder.Create(architecture, seed: 3);
        AssertKeepsFunction(model, architecture, RandomDecoder.Ids(architecture, 32, seed: 7));
    }

    [SharedDataTheory]
    [InlineData("llama-gqa")]
    [InlineData("llama-mha-tied")]
    [InlineData("llama-biases")]
    [InlineData("llama-head-dim")]
    [InlineData("llama3-rope-scaling")]
    [InlineData("llama-rope-linear")]
    [InlineData("qwen2")]
    [InlineData("gemma")]
    public void Rotation_keeps_the_function_of_the_fixtures(string fixture)
    {
        TorchRuntime.EnsureLoaded();
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.Path("golden", "fixtures", fixture));
        using DecoderModel model = new(checkpoint.Architecture, WeightLoader.Load(checkpoint), ownsWeights: true);
        AssertKeepsFunction(model, checkpoint.Architecture, RandomDecoder.Ids(checkpoint.Architecture, 24, seed: 1));
    }

    [Fact]
    public void Layers_read_again_are_rotated_to_the_same_weights()
    {
        TorchRuntime.EnsureLoaded();
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.DefaultModel);
        using ModelRotation rotation = new(checkpoint.Architecture, seed: 5);
        using DecoderWeights weights = rotation.Fold(WeightLoader.Load(checkpoint));
        using DecoderWeights once = weights.Clone();
        WeightLoader.RestoreLayers(checkpoint, weights);
        rotation.FoldLayers(weights);
        Assert.All(once.All().Zip(weights.All()), pair => Assert.Equal(Golden.Values(pair.First), Golden.Values(pair.Second)));
    }

    [Fact]
    public void Layer_norms_are_refused()
    {
        DecoderArchitecture architecture = RandomDecoder.Architecture with { Norm = NormKind.Layer };
        Assert.False(ModelRotation.CanRotate(architecture));
        Assert.Equal("MQ3022", Assert.Throws<MobileQuantException>(() => new ModelRotation(architecture, seed: 1)).Code);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(9)]
    [InlineData(96)]
    [InlineData(576)]
    public void Matrices_are_orthogonal_and_flat(int size)
    {
        TorchRuntime.EnsureLoaded();
        using torch.Tensor matrix = OrthogonalMatrix.Create(size, new Random(1));
        using torch.Tensor other = OrthogonalMatrix.Create(size, new Random(2));
        using torch.Tensor product = torch.matmul(matrix.t(), matrix);
        using torch.Tensor identity = torch.eye(size, size, torch.float64);
        Assert.InRange((product - identity).abs().max().item<double>(), 0, 1e-12);
        Assert.InRange(matrix.abs().max().item<double>(), 0, Math.Sqrt(2.0 / size) + 1e-12);
        Assert.True(size == 1 || (matrix - other).abs().max().item<double>() > 0);
    }

    private static void AssertKeepsFunction(DecoderModel model, DecoderArchitecture architecture, int[] tokens)
    {
        using torch.Tensor ids = TokenTensor.Of(tokens);
        using DecoderOutput before = model.Forward(ids);
        using ModelRotation rotation = new(architecture, seed: 11);
        using DecoderModel rotated = new(rotation.Architecture, rotation.Fold(model.Weights.Clone()), ownsWeights: true);
        Assert.False(rotation.Architecture.TiedEmbeddings);
        Assert.False(ReferenceEquals(rotated.Weights.Embedding, rotated.Weights.Head));

        using DecoderOutput after = rotated.Forward(ids);
        float largest = Golden.Values(before.Logits).Max(MathF.Abs);
        Assert.InRange(Golden.MaximumDifference(Golden.Values(before.Logits), Golden.Values(after.Logits)), 0, 1e-4f * Math.Max(1, largest));

        // It did turn: no weight in front of or behind the residual stream is what it was.
        Assert.NotEqual(Golden.Values(model.Weights.Embedding), Golden.Values(rotated.Weights.Embedding));
        Assert.NotEqual(Golden.Values(model.Weights.Layers[0][LinearKind.Value].Weight), Golden.Values(rotated.Weights.Layers[0][LinearKind.Value].Weight));
        float gain = architecture.Norm == NormKind.RmsGainPlusOne ? 0 : 1;
        Assert.All(Golden.Values(rotated.Weights.FinalNorm.Gain).Concat(Golden.Values(rotated.Weights.Layers[^1].MlpNorm.Gain)), value => Assert.Equal(gain, value));
    }
}
