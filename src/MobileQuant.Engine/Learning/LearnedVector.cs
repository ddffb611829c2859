using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>A vector y = (x + a) f - a whose factors f are learned on a logarithmic scale: dy/dlog f = y + a.</summary>
internal static class LearnedVector
{
    /// <summary>Scales with a = 0.</summary>
    public static void Scale(torch.Tensor x, ReadOnlySpan<float> factors, torch.Tensor y)
    {
        ReadOnlySpan<float> values = WeightRow.Floats(x);
        Span<float> scaled = WeightRow.Floats(y);
        for (int i = 0; i < scaled.Length; i++)
        {
            scaled[i] = values[i] * factors[i];
        }
    }

    /// <summary>Adds the gradient that a leaf gathered, by the logarithms of its factors, and forgets it.</summary>
    public static void TakeGradient(torch.Tensor y, int added, Span<double> result)
    {
        using torch.Tensor? gathered = y.grad;
        if (gathered is null)
        {
            return;
        }

        ReadOnlySpan<float> gradient = WeightRow.Floats(gathered);
        ReadOnlySpan<float> scaled = WeightRow.Floats(y);
        for (int i = 0; i < result.Length; i++)
        {
            result[i] += (double)gradient[i] * (scaled[i] + added);
        }

        gathered.zero_();
    }
}
