using MobileQuant.Modeling;

namespace MobileQuant.Learning;

/// <summary>A norm whose gain (and bias) are divided by learned scales.</summary>
internal sealed class LearnedNorm : IDisposable
{
    private readonly NormWeights _start;
    private readonly int _added;
    private readonly LearnedLeaf _gain;
    private readonly LearnedLeaf? _bias;

    /// <param name="norm">The norm as it is; not owned, not changed.</param>
    /// <param name="kind">Whether 1 is added to its gain.</param>
    public LearnedNorm(NormWeights norm, NormKind kind)
    {
        _start = norm;
        _added = kind == NormKind.RmsGainPlusOne ? 1 : 0;
        _gain = new(norm.Gain.clone());
        _bias = norm.Bias is null ? null : new(norm.Bias.clone());
        Scaled = new(_gain.Leaf, _bias?.Leaf);
    }

    /// <summary>The norm behind the transformation: leaves that gather gradients.</summary>
    public NormWeights Scaled { get; }

    /// <summary>Scales for the next passes.</summary>
    /// <param name="factors">What multiplies each channel.</param>
    public void Fill(ReadOnlySpan<float> factors)
    {
        ReadOnlySpan<float> gain = WeightRow.Floats(_start.Gain);
        Span<float> scaled = WeightRow.Floats(_gain.Host);
        for (int i = 0; i < factors.Length; i++)
        {
            scaled[i] = ((gain[i] + _added) * factors[i]) - _added;
        }

        _gain.Publish();
        if (_bias is not null)
        {
            LearnedVector.Scale(_start.Bias!, factors, _bias);
        }
    }

    /// <summary>The gathered gradient by the logarithms of the factors, which is then forgotten.</summary>
    public double[] TakeGradient()
    {
        double[] result = new double[_gain.Host.shape[0]];
        LearnedVector.TakeGradient(_gain, _added, result);
        if (_bias is not null)
        {
            LearnedVector.TakeGradient(_bias, 0, result);
        }

        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _gain.Dispose();
        _bias?.Dispose();
    }
}
