using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>
/// Numbers that C# writes before passes and whose gradient it reads behind them. On the CPU both sides see one tensor; on another
/// device passes see a copy.
/// </summary>
internal sealed class LearnedLeaf : IDisposable
{
    /// <param name="host">float32 on the CPU, contiguous; owned from now on.</param>
    /// <param name="gathersGradient">Whether passes leave a gradient.</param>
    public LearnedLeaf(torch.Tensor host, bool gathersGradient = true)
    {
        Host = host.DetachFromDisposeScope();
        Leaf = (ComputeDevice.IsRemote ? host.to(ComputeDevice.Current).DetachFromDisposeScope() : Host).requires_grad_(gathersGradient);
    }

    /// <summary>What C# writes.</summary>
    public torch.Tensor Host { get; }

    /// <summary>What passes read: a leaf.</summary>
    public torch.Tensor Leaf { get; }

    /// <summary>Lets the next passes see what was written.</summary>
    public void Publish()
    {
        if (!ReferenceEquals(Host, Leaf))
        {
            using IDisposable noGradient = torch.no_grad();
            Leaf.copy_(Host);
        }
    }

    /// <summary>Gives the gathered gradient, if there is one, on the CPU, and forgets it.</summary>
    public void TakeGradient(Action<torch.Tensor> take)
    {
        using torch.Tensor? gathered = Leaf.grad;
        if (gathered is null)
        {
            return;
        }

        using (torch.Tensor onHost = gathered.cpu())
        {
            take(onHost);
        }

        gathered.zero_();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Leaf.Dispose();
        Host.Dispose();
    }
}
