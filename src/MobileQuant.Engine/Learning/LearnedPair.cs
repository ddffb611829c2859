using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Learning;

/// <summary>The scales of an equivalent transformation, learned on a logarithmic scale from 1.</summary>
internal sealed class LearnedPair
{
    /// <summary>Scales stay between a hundredth and a hundred.</summary>
    private static readonly float LargestLogarithm = MathF.Log(100);

    private readonly int[]? _producer;
    private readonly int[]? _consumer;

    public LearnedPair(SmoothingPair pair, DecoderArchitecture architecture)
    {
        Pair = pair;
        Logarithms = new(LearnedKind.Transformation, new float[pair.ChannelCount(architecture)], LargestLogarithm);
        _producer = pair.ProducerScales(architecture);
        _consumer = pair.ConsumerScales(architecture);
    }

    public SmoothingPair Pair { get; }

    public LearnedParameter Logarithms { get; }

    /// <summary>s.</summary>
    public float[] Scales() => Array.ConvertAll(Logarithms.Values, MathF.Exp);

    /// <summary>What multiplies the producer's channels: 1 / s.</summary>
    public float[] ProducerFactors() => Spread(_producer, -1);

    /// <summary>What multiplies the consumers' channels: s.</summary>
    public float[] ConsumerFactors() => Spread(_consumer, 1);

    /// <summary>Takes the gradient by the logarithms of the producer's factors.</summary>
    public void AddProducerGradient(ReadOnlySpan<double> gradient) => Add(_producer, -1, gradient);

    /// <summary>Takes the gradient by the logarithms of the consumers' factors.</summary>
    public void AddConsumerGradient(ReadOnlySpan<double> gradient) => Add(_consumer, 1, gradient);

    private float[] Spread(int[]? map, int sign)
    {
        float[] factors = Array.ConvertAll(Logarithms.Values, logarithm => MathF.Exp(sign * logarithm));
        return map is null ? factors : Array.ConvertAll(map, index => factors[index]);
    }

    private void Add(int[]? map, int sign, ReadOnlySpan<double> gradient)
    {
        for (int i = 0; i < gradient.Length; i++)
        {
            Logarithms.Gradient[map is null ? i : map[i]] += sign * gradient[i];
        }
    }
}
