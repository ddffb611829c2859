using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>
/// A weight matrix whose codes are chosen and stay; the scales of its rows are learned on a logarithmic scale. All of a row is
/// proportional to its scale, so dL/dlog s = sum over the row of dL/dw w.
/// </summary>
internal sealed class RescaledWeight : IDisposable
{
    /// <summary>A scale at most doubles or halves.</summary>
    private static readonly float LargestLogarithm = MathF.Log(2);

    private const int Parts = 16;

    private readonly QuantizedWeight _codes;
    private readonly LearnedLeaf _scaled;

    /// <param name="codes">Codes, scales and zero points.</param>
    /// <param name="bias">Added behind the matrix, or null; not learned.</param>
    public RescaledWeight(QuantizedWeight codes, torch.Tensor? bias)
    {
        _codes = codes;
        _scaled = new(torch.empty([codes.Rows, codes.Columns], torch.float32));
        Logarithms = new(LearnedKind.Scale, new float[codes.Rows], LargestLogarithm);
        Weights = new(_scaled.Leaf, bias);
    }

    /// <summary>What multiplies each row, as logarithms.</summary>
    public LearnedParameter Logarithms { get; }

    /// <summary>The weights of a pass.</summary>
    public LinearWeights Weights { get; }

    /// <summary>Makes the weights for the next passes.</summary>
    public void Fill()
    {
        float[] scales = Scales();
        ForEachRow(row => WeightQuantizer.DequantizeRow(_codes, row, scales[row], WeightRow.Floats(_scaled.Host).Slice(row * _codes.Columns, _codes.Columns)));
        _scaled.Publish();
    }

    /// <summary>Takes what passes gathered.</summary>
    public void TakeGradient() => _scaled.TakeGradient(gathered => ForEachRow(row =>
    {
        ReadOnlySpan<float> gradient = WeightRow.Floats(gathered).Slice(row * _codes.Columns, _codes.Columns);
        ReadOnlySpan<float> scaled = WeightRow.Floats(_scaled.Host).Slice(row * _codes.Columns, _codes.Columns);
        double sum = 0;
        for (int k = 0; k < scaled.Length; k++)
        {
            sum += (double)gradient[k] * scaled[k];
        }

        Logarithms.Gradient[row] += sum;
    }));

    /// <summary>The codes with the scales as they are now.</summary>
    public QuantizedWeight ToWeight() => _codes with { Scales = Scales() };

    /// <inheritdoc/>
    public void Dispose() => _scaled.Dispose();

    private float[] Scales() => [.. _codes.Scales.Zip(Logarithms.Values, (scale, logarithm) => scale * MathF.Exp(logarithm))];

    private void ForEachRow(Action<int> body)
    {
        int length = Segments.Length(_codes.Rows, Parts);
        Segments.ForEach(Segments.Count(_codes.Rows, length), part =>
        {
            for (int row = part * length; row < Math.Min(_codes.Rows, (part + 1) * length); row++)
            {
                body(row);
            }
        });
    }
}
