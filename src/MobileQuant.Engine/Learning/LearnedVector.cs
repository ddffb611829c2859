using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>A vector y = (x + a) f - a whose factors f are learned on a logarithmic scale: dy/dlog f = y + a.</summary>
internal static class LearnedVector
{
    /// <summary>Scales with a = 0.</summary>
    public static void Scale(torch.Tensor x, ReadOnlySpan<float> factors, LearnedLeaf y)
    {
        ReadOnlySpan<float> values = WeightRow.Floats(x);
        Span<float> scaled = WeightRow.Floats(y.Host);
        for (int i = 0; i < scaled.Length; i++)
        {
            scaled[i] = values[i] * factors[i];
        }

        y.Publish();
    }

    /// <summary>Adds the gradient that a leaf gathered, by the logarithms of its factors, and forgets it.</summary>
    public static void TakeGradient(LearnedLeaf y, int added, double[] result) => y.TakeGradient(gathered =>
    {
        ReadOnlySpan<float> gradient = WeightRow.Floats(gathered);
        ReadOnlySpan<float> scaled = WeightRow.Floats(y.Host);
        for (int i = 0; i < result.Length; i++)
        {
            result[i] += (double)gradient[i] * (scaled[i] + added);
        }
    });
}
