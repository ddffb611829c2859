using System.Runtime.InteropServices;
using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Recipes;

/// <summary>
/// What the scales of one pair are made of: s_j = max|X_j|^alpha / max|W_j|^(1 - alpha), both maxima of the model as given, over
/// all consumers and all channels that are tied to j.
/// </summary>
internal sealed class SmoothingBasis
{
    private const double SmallestMaximum = 1e-5;
    private const double LargestScale = 1e4;

    private readonly float[] _activations;
    private readonly float[] _weights;

    private SmoothingBasis(SmoothingPair pair, float[] activations, float[] weights)
    {
        Pair = pair;
        _activations = activations;
        _weights = weights;
    }

    public SmoothingPair Pair { get; }

    public static SmoothingBasis Of(SmoothingPair pair, DecoderModel model, CalibrationStatistics statistics)
    {
        DecoderArchitecture architecture = model.Architecture;
        float[] activations = new float[pair.ChannelCount(architecture)];
        float[] weights = new float[activations.Length];
        Merge(pair, architecture, statistics[pair.ConsumerInput].AbsoluteMaximum(), activations);
        foreach (LinearKind kind in pair.Consumers(architecture))
        {
            using IDisposable noGradient = torch.no_grad();
            using torch.Tensor magnitude = model.Weights.Layers[pair.Layer][kind].Weight.abs();
            using torch.Tensor columns = magnitude.amax([0]);
            Merge(pair, architecture, MemoryMarshal.Cast<byte, float>(columns.bytes), weights);
        }

        return new(pair, activations, weights);
    }

    /// <summary>The scales for a strength; null is no smoothing.</summary>
    public float[] Scales(double? alpha)
    {
        float[] scales = new float[_activations.Length];
        for (int j = 0; j < scales.Length; j++)
        {
            // A channel that never carried anything tells nothing about its scale.
            scales[j] = alpha is not { } strength || _activations[j] == 0 ? 1 : (float)Math.Clamp(
                Math.Pow(Math.Max(_activations[j], SmallestMaximum), strength) / Math.Pow(Math.Max(_weights[j], SmallestMaximum), 1 - strength),
                1 / LargestScale,
                LargestScale);
        }

        return scales;
    }

    private static void Merge(SmoothingPair pair, DecoderArchitecture architecture, ReadOnlySpan<float> consumerChannels, float[] producerChannels)
    {
        for (int channel = 0; channel < consumerChannels.Length; channel++)
        {
            ref float maximum = ref producerChannels[pair.ProducerChannel(architecture, channel)];
            maximum = Math.Max(maximum, consumerChannels[channel]);
        }
    }
}
