using MobileQuant.Modeling;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>A norm whose gain (and bias) are divided by learned scales.</summary>
internal sealed class LearnedNorm : IDisposable
{
    private readonly NormWeights _start;
    private readonly int _added;

    /// <param name="norm">The norm as it is; not owned, not changed.</param>
    /// <param name="kind">Whether 1 is added to its gain.</param>
    public LearnedNorm(NormWeights norm, NormKind kind)
    {
        _start = norm;
        _added = kind == NormKind.RmsGainPlusOne ? 1 : 0;
        Scaled = new(Leaf(norm.Gain), norm.Bias is null ? null : Leaf(norm.Bias));
    }

    /// <summary>The norm behind the transformation: leaves that gather gradients.</summary>
    public NormWeights Scaled { get; }

    /// <summary>Scales for the next passes.</summary>
    /// <param name="factors">What multiplies each channel.</param>
    public void Fill(ReadOnlySpan<float> factors)
    {
        ReadOnlySpan<float> gain = WeightRow.Floats(_start.Gain);
        Span<float> scaled = WeightRow.Floats(Scaled.Gain);
        for (int i = 0; i < factors.Length; i++)
        {
            scaled[i] = ((gain[i] + _added) * factors[i]) - _added;
        }

        if (_start.Bias is { } bias)
        {
            LearnedVector.Scale(bias, factors, Scaled.Bias!);
        }
    }

    /// <summary>The gathered gradient by the logarithms of the factors, which is then forgotten.</summary>
    public double[] TakeGradient()
    {
        double[] result = new double[Scaled.Gain.shape[0]];
        LearnedVector.TakeGradient(Scaled.Gain, _added, result);
        if (Scaled.Bias is { } bias)
        {
            LearnedVector.TakeGradient(bias, 0, result);
        }

        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Scaled.Gain.Dispose();
        Scaled.Bias?.Dispose();
    }

    private static torch.Tensor Leaf(torch.Tensor like) => like.clone().DetachFromDisposeScope().requires_grad_(true);
}
