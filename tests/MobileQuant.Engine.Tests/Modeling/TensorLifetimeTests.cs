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

[Collection(ProcessStateGroup.Name)]
public class TensorLifetimeTests
{
    [Fact]
    public void Forward_passes_leave_nothing_but_their_results()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 1);
        using torch.Tensor ids = Golden.Ids([1, 2, 3]);
        model.Forward(ids).Dispose();
        long before = SettledCount();
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
        long before = SettledCount();
        Assert.Equal("MQ2005", Assert.Throws<MobileQuantException>(() => WeightLoader.Load(checkpoint)).Code);
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void Calibrating_and_searching_leave_nothing()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 1);
        RecipeTests.Run(model, new SmoothQuantEdge(), ActivationMode.Static, alpha: null);
        long before = SettledCount();
        ModelSampler.Sample(model, 2, 8, seed: 1);
        RecipeTests.Run(model, new SmoothQuantEdge(), ActivationMode.Token, alpha: null);
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void The_number_of_threads_never_changes_the_ranges()
    {
        using DecoderModel model = DefaultModel();
        CalibrationSet set = new([.. Enumerable.Range(0, 4).Select(i => RandomDecoder.Ids(model.Architecture, 256, i))], "text");
        int threads = torch.get_num_threads();
        try
        {
            torch.set_num_threads(1);
            SiteRanges one = Calibrator.Observe(model, set).ToSiteRanges();
            torch.set_num_threads(2);
            SiteRanges two = Calibrator.Observe(model, set).ToSiteRanges();
            Assert.All(one.Sites, site => Assert.Equal(one[site], two[site]));
        }
        finally
        {
            torch.set_num_threads(threads);
        }
    }

    /// <summary>Tensors alive, once those that earlier tests left to the garbage collector are gone: they must not vanish between two counts.</summary>
    private static long SettledCount()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return torch.Tensor.TotalCount;
    }

    private static DecoderModel DefaultModel()
    {
        TorchRuntime.EnsureLoaded();
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.DefaultModel);
        return new(checkpoint.Architecture, WeightLoader.Load(checkpoint), ownsWeights: true);
    }
}
