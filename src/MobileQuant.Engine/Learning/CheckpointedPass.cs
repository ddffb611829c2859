using MobileQuant.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>
/// Forward and backward through the layers of a learned model for a few windows. Layers go in groups: a first pass without
/// gradients keeps what enters each group, and from the last one back each group is run again with gradients. Memory is the
/// graph of one group and one residual stream per group; the last group needs no second run, so that where all layers fit into one
/// nothing is computed twice. Grouping never changes the result.
/// </summary>
/// <param name="model">The model; its leaves gather the gradients.</param>
/// <param name="layersPerGroup">1 or more.</param>
internal sealed class CheckpointedPass(LearnedModel model, int layersPerGroup)
{
    private static long MostGraphBytes => ComputeDevice.IsRemote ? 6L << 30 : 768L << 20;

    /// <summary>Layers whose graph takes no more than 768 MiB (6 GiB on another device), but one at least.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <param name="windows">Windows of a pass.</param>
    /// <param name="tokens">Tokens of a window.</param>
    /// <param name="fused">Whether scores are not kept.</param>
    public static int LayersFor(DecoderArchitecture architecture, int windows, int tokens, bool fused)
    {
        long values = (16L * architecture.HiddenSize) + (8L * architecture.FeedForwardSize)
            + (10L * (architecture.InputSize(LinearKind.Output) + architecture.OutputSize(LinearKind.Value)))
            + (fused ? 0 : 5L * architecture.HeadCount * tokens);
        return (int)Math.Clamp(MostGraphBytes / (values * sizeof(float) * windows * tokens), 1, architecture.LayerCount);
    }

    /// <summary>Runs forward and backward.</summary>
    /// <param name="x">What enters the first layer, [windows, tokens, hidden].</param>
    /// <param name="objective">From what leaves the last layer (a leaf) to the loss and its gradient, a tensor that it leaves to the open dispose scope.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <returns>The loss.</returns>
    public double Run(torch.Tensor x, Func<torch.Tensor, (double Loss, torch.Tensor Gradient)> objective, CancellationToken cancellationToken)
    {
        int layers = model.Decoder.Architecture.LayerCount;
        using DisposeScope scope = torch.NewDisposeScope();
        int groups = (layers + layersPerGroup - 1) / layersPerGroup;
        torch.Tensor[] entering = new torch.Tensor[groups];
        entering[0] = x.detach();
        using (torch.no_grad())
        {
            for (int group = 0; group + 1 < groups; group++)
            {
                entering[group + 1] = RunLayers(group * layersPerGroup, (group + 1) * layersPerGroup, entering[group], cancellationToken);
            }
        }

        double loss = 0;
        torch.Tensor? gradient = null;
        for (int group = groups - 1; group >= 0; group--)
        {
            using DisposeScope inner = torch.NewDisposeScope();
            torch.Tensor leaf = entering[group].requires_grad_(true);
            torch.Tensor leaving = RunLayers(group * layersPerGroup, Math.Min(layers, (group + 1) * layersPerGroup), leaf, cancellationToken);
            if (gradient is null)
            {
                (loss, gradient) = objective(leaving.detach().requires_grad_(true));
            }

            leaving.backward([gradient]);
            gradient = leaf.grad!.MoveToOuterDisposeScope();
        }

        return loss;
    }

    private torch.Tensor RunLayers(int first, int end, torch.Tensor x, CancellationToken cancellationToken)
    {
        torch.Tensor current = x;
        for (int layer = first; layer < end; layer++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using DisposeScope scope = torch.NewDisposeScope();
            current = model.Decoder.RunLayer(layer, current, model.Sites, model.Prefix).MoveToOuterDisposeScope();
        }

        return current;
    }
}
