using MobileQuant.Modeling;
using TorchSharp;

namespace MobileQuant.Quantization;

/// <summary>
/// One equivalent transformation: the producer's channels are divided by s > 0 and the consumers' input channels multiplied by
/// it, so that the model computes the same function with other ranges.
/// </summary>
/// <param name="Layer">The decoder layer.</param>
/// <param name="Kind">Which neighbours.</param>
public readonly record struct SmoothingPair(int Layer, SmoothingKind Kind)
{
    /// <summary>Where the consumers read.</summary>
    public Site ConsumerInput => new(Layer, Kind switch
    {
        SmoothingKind.AttentionNorm => SiteKind.AttentionInput,
        SmoothingKind.MlpNorm => SiteKind.MlpInput,
        SmoothingKind.ValueOutput => SiteKind.OutputInput,
        _ => SiteKind.DownInput,
    });

    /// <summary>All legal pairs of a decoder.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <param name="kinds">Which kinds to include.</param>
    /// <returns>The pairs, layer by layer.</returns>
    public static IReadOnlyList<SmoothingPair> Enumerate(DecoderArchitecture architecture, IReadOnlyCollection<SmoothingKind> kinds)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return [.. Enumerable.Range(0, architecture.LayerCount).SelectMany(layer => Enum.GetValues<SmoothingKind>()
            .Where(kind => kinds.Contains(kind) && (kind != SmoothingKind.UpDown || architecture.GatedMlp))
            .Select(kind => new SmoothingPair(layer, kind)))];
    }

    /// <summary>The linear layers that read the smoothed channels.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <returns>One to three kinds.</returns>
    public IReadOnlyList<LinearKind> Consumers(DecoderArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return Kind switch
        {
            SmoothingKind.AttentionNorm => [LinearKind.Query, LinearKind.Key, LinearKind.Value],
            SmoothingKind.MlpNorm => architecture.GatedMlp ? [LinearKind.Gate, LinearKind.Up] : [LinearKind.Up],
            SmoothingKind.ValueOutput => [LinearKind.Output],
            _ => [LinearKind.Down],
        };
    }

    /// <summary>Number of scales: channels of the producer.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <returns>Length of s.</returns>
    public int ChannelCount(DecoderArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return Kind switch
        {
            SmoothingKind.ValueOutput => architecture.OutputSize(LinearKind.Value),
            SmoothingKind.UpDown => architecture.FeedForwardSize,
            _ => architecture.HiddenSize,
        };
    }

    /// <summary>The producer's channel that feeds a consumer's input channel.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <param name="consumerChannel">A column of the consumers' weights.</param>
    /// <returns>An index into s.</returns>
    public int ProducerChannel(DecoderArchitecture architecture, int consumerChannel)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        if (Kind != SmoothingKind.ValueOutput)
        {
            return consumerChannel;
        }

        int head = consumerChannel / architecture.HeadSize / architecture.GroupSize;
        return (head * architecture.HeadSize) + (consumerChannel % architecture.HeadSize);
    }

    /// <summary>Folds scales into the weights, in place.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="scales">s, positive, [channels of the producer].</param>
    public void Fold(DecoderArchitecture architecture, DecoderWeights weights, float[] scales)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(weights);
        using IDisposable noGradient = torch.no_grad();
        using torch.Tensor producer = torch.tensor(scales);
        LayerWeights layer = weights.Layers[Layer];
        switch (Kind)
        {
            case SmoothingKind.AttentionNorm:
                DivideNorm(architecture, layer.AttentionNorm, producer);
                break;
            case SmoothingKind.MlpNorm:
                DivideNorm(architecture, layer.MlpNorm, producer);
                break;
            default:
                DivideRows(layer[Kind == SmoothingKind.UpDown ? LinearKind.Up : LinearKind.Value], producer);
                break;
        }

        using torch.Tensor consumer = torch.tensor(Spread(architecture, scales));
        foreach (LinearKind kind in Consumers(architecture))
        {
            layer[kind].Weight.mul_(consumer);
        }
    }

    /// <summary>The sites whose channels shrink by s, with the divisors per channel.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <param name="scales">s.</param>
    /// <returns>Divisors by site.</returns>
    public IReadOnlyList<KeyValuePair<Site, float[]>> Divisors(DecoderArchitecture architecture, float[] scales) => Kind switch
    {
        SmoothingKind.UpDown => [new(new(Layer, SiteKind.UpOutput), scales), new(ConsumerInput, scales)],
        SmoothingKind.ValueOutput =>
        [
            new(new(Layer, SiteKind.ValueOutput), scales),
            new(new(Layer, SiteKind.ValueCache), scales),
            new(ConsumerInput, Spread(architecture, scales)),
        ],
        _ => [new(ConsumerInput, scales)],
    };

    private static void DivideNorm(DecoderArchitecture architecture, NormWeights norm, torch.Tensor scales)
    {
        if (architecture.Norm == NormKind.RmsGainPlusOne)
        {
            norm.Gain.add_(1).div_(scales).sub_(1);
        }
        else
        {
            norm.Gain.div_(scales);
        }

        norm.Bias?.div_(scales);
    }

    private static void DivideRows(LinearWeights linear, torch.Tensor scales)
    {
        using torch.Tensor column = scales.unsqueeze(1);
        linear.Weight.div_(column);
        linear.Bias?.div_(scales);
    }

    private float[] Spread(DecoderArchitecture architecture, float[] scales)
    {
        if (Kind != SmoothingKind.ValueOutput)
        {
            return scales;
        }

        float[] spread = new float[architecture.InputSize(LinearKind.Output)];
        for (int channel = 0; channel < spread.Length; channel++)
        {
            spread[channel] = scales[ProducerChannel(architecture, channel)];
        }

        return spread;
    }
}
