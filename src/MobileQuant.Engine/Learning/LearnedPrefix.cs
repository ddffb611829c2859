using MobileQuant.Modeling;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>Keys or values of the prefix in one layer, [1, KV heads, positions, size]: they shrink with the rows of k or v.</summary>
internal sealed class LearnedPrefix : IDisposable
{
    private readonly torch.Tensor _start;
    private readonly LearnedLeaf _scaled;

    /// <param name="start">As the float model has them; copied.</param>
    public LearnedPrefix(torch.Tensor start)
    {
        _start = start.cpu().contiguous().clone().DetachFromDisposeScope();
        _scaled = new(_start.clone());
    }

    /// <summary>Behind the transformation: a leaf that gathers the gradient.</summary>
    public torch.Tensor Scaled => _scaled.Leaf;

    /// <summary>Scales for the next passes.</summary>
    /// <param name="factors">[KV heads * size].</param>
    public void Fill(ReadOnlySpan<float> factors) => LearnedVector.Scale(_start, Repeat(factors), _scaled);

    /// <summary>Adds the gathered gradient by the logarithms of the factors, and forgets it.</summary>
    public void TakeGradient(double[] result)
    {
        double[] all = new double[_start.numel()];
        LearnedVector.TakeGradient(_scaled, 0, all);
        for (int i = 0; i < all.Length; i++)
        {
            result[Channel(i)] += all[i];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _start.Dispose();
        _scaled.Dispose();
    }

    private int Channel(int index)
    {
        int size = (int)_start.shape[3];
        return (index / (size * (int)_start.shape[2]) * size) + (index % size);
    }

    private float[] Repeat(ReadOnlySpan<float> factors)
    {
        float[] repeated = new float[_start.numel()];
        for (int i = 0; i < repeated.Length; i++)
        {
            repeated[i] = factors[Channel(i)];
        }

        return repeated;
    }
}
