using MobileQuant.Calibration;
using MobileQuant.Checkpoints;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Tests.Checkpoints;
using MobileQuant.Tests.Recipes;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Modeling;

/// <summary>Tests that count live tensors, which only works while no other test makes any.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TensorLifetimeGroup
{
    public const string Name = "tensor lifetimes";
}

[Collection(TensorLifetimeGroup.Name)]
public class TensorLifetimeTests
{
    [Fact]
    public void Forward_passes_leave_nothing_but_their_results()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 1);
        using torch.Tensor ids = Golden.Ids([1, 2, 3]);
        model.Forward(ids).Dispose();
        long before = torch.Tensor.TotalCount;
        model.Forward(ids, hiddenStates: true).Dispose();
        using (KeyValueCache cache = new(model.Architecture, 1, 4))
        {
            model.Forward(ids, cache: cache).Dispose();
        }

        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void A_failed_load_leaves_nothing()
    {
        TorchRuntime.EnsureLoaded();
        using CheckpointFolder folder = new();
        folder.Tensors.Remove("lm_head.weight");
        folder.Write();
        using ICheckpoint checkpoint = CheckpointReader.Open(folder.Path);
        long before = torch.Tensor.TotalCount;
        Assert.Equal("MQ2005", Assert.Throws<MobileQuantException>(() => WeightLoader.Load(checkpoint)).Code);
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void Calibrating_and_searching_leave_nothing()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 1);
        RecipeTests.Run(model, new SmoothQuantEdge(), ActivationMode.Static, alpha: null);
        long before = torch.Tensor.TotalCount;
        ModelSampler.Sample(model, 2, 8, seed: 1);
        RecipeTests.Run(model, new SmoothQuantEdge(), ActivationMode.Token, alpha: null);
        Assert.Equal(before, torch.Tensor.TotalCount);
    }
}
