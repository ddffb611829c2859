using MobileQuant.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Quantization;

/// <summary>
/// One equivalent transformation: the producer's channels are divided by s > 0 and what meets them is multiplied by it - input
/// channels of the consumers, or the rows of q where k is the producer - so that the model computes the same function with other
/// ranges.
/// </summary>
/// <param name="Layer">The decoder layer.</param>
/// <param name="Kind">Which neighbours.</param>
public readonly record struct SmoothingPair(int Layer, SmoothingKind Kind)
{
    /// <summary>Where the consumers read; k in the cache for <see cref="SmoothingKind.QueryKey"/>, whose consumer is no linear layer.</summary>
    public Site ConsumerInput => new(Layer, Kind switch
    {
        SmoothingKind.AttentionNorm => SiteKind.AttentionInput,
        SmoothingKind.MlpNorm => SiteKind.MlpInput,
        SmoothingKind.ValueOutput => SiteKind.OutputInput,
        SmoothingKind.QueryKey => SiteKind.KeyCache,
        _ => SiteKind.DownInput,
    });

    /// <summary>The linear layer whose rows are divided; null where a norm is the producer.</summary>
    public LinearKind? Producer => Kind switch
    {
        SmoothingKind.ValueOutput => LinearKind.Value,
        SmoothingKind.UpDown => LinearKind.Up,
        SmoothingKind.QueryKey => LinearKind.Key,
        _ => null,
    };

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

    /// <summary>The linear layers whose input channels are multiplied.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <returns>One to three kinds; none for <see cref="SmoothingKind.QueryKey"/>.</returns>
    public IReadOnlyList<LinearKind> Consumers(DecoderArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return Kind switch
        {
            SmoothingKind.AttentionNorm => [LinearKind.Query, LinearKind.Key, LinearKind.Value],
            SmoothingKind.MlpNorm => architecture.GatedMlp ? [LinearKind.Gate, LinearKind.Up] : [LinearKind.Up],
            SmoothingKind.ValueOutput => [LinearKind.Output],
            SmoothingKind.QueryKey => [],
            _ => [LinearKind.Down],
        };
    }

    /// <summary>Number of scales: channels of the producer, those that are tied to each other counted once.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <returns>Length of s.</returns>
    public int ChannelCount(DecoderArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return Kind switch
        {
            SmoothingKind.ValueOutput => architecture.OutputSize(LinearKind.Value),
            SmoothingKind.UpDown => architecture.FeedForwardSize,
            SmoothingKind.QueryKey => architecture.KeyValueHeadCount * FreeChannels(architecture),
            _ => architecture.HiddenSize,
        };
    }

    /// <summary>The producer's channel that feeds a consumer's input channel.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <param name="consumerChannel">A column of the consumers' weights; a row of q for <see cref="SmoothingKind.QueryKey"/>.</param>
    /// <returns>An index into s.</returns>
    public int ProducerChannel(DecoderArchitecture architecture, int consumerChannel)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        int head = consumerChannel / architecture.HeadSize / architecture.GroupSize;
        int channel = consumerChannel % architecture.HeadSize;
        return Kind switch
        {
            SmoothingKind.ValueOutput => (head * architecture.HeadSize) + channel,
            SmoothingKind.QueryKey => (head * FreeChannels(architecture)) + Tied(architecture, channel),
            _ => consumerChannel,
        };
    }

    /// <summary>Which scale divides each channel of the producer.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <returns>An index into s per channel; null where it is the channel itself.</returns>
    public int[]? ProducerScales(DecoderArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        if (Kind != SmoothingKind.QueryKey)
        {
            return null;
        }

        int[] map = new int[architecture.OutputSize(LinearKind.Key)];
        for (int row = 0; row < map.Length; row++)
        {
            map[row] = (row / architecture.HeadSize * FreeChannels(architecture)) + Tied(architecture, row % architecture.HeadSize);
        }

        return map;
    }

    /// <summary>Which scale multiplies each channel that meets the producer's.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <returns>An index into s per input channel of the consumers, or per row of q; null where it is the channel itself.</returns>
    public int[]? ConsumerScales(DecoderArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        if (Kind is not (SmoothingKind.ValueOutput or SmoothingKind.QueryKey))
        {
            return null;
        }

        int[] map = new int[architecture.InputSize(LinearKind.Output)];
        for (int channel = 0; channel < map.Length; channel++)
        {
            map[channel] = ProducerChannel(architecture, channel);
        }

        return map;
    }

    /// <summary>Folds scales into the weights, in place.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="scales">s, positive, [<see cref="ChannelCount"/>].</param>
    public void Fold(DecoderArchitecture architecture, DecoderWeights weights, float[] scales)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(weights);
        using IDisposable noGradient = torch.no_grad();
        using torch.Tensor producer = torch.tensor(Spread(scales, ProducerScales(architecture)));
        using torch.Tensor consumer = torch.tensor(Spread(scales, ConsumerScales(architecture)));
        LayerWeights layer = weights.Layers[Layer];
        if (Producer is { } kind)
        {
            DivideRows(layer[kind], producer);
        }
        else
        {
            DivideNorm(architecture, Kind == SmoothingKind.AttentionNorm ? layer.AttentionNorm : layer.MlpNorm, producer);
        }

        if (Kind == SmoothingKind.QueryKey)
        {
            MultiplyRows(layer[LinearKind.Query], consumer);
        }

        foreach (LinearKind reader in Consumers(architecture))
        {
            layer[reader].Weight.mul_(consumer);
        }

        weights.MarkChanged();
    }

    /// <summary>The sites whose channels shrink by s, with the divisors per channel.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <param name="scales">s.</param>
    /// <returns>Divisors by site.</returns>
    public IReadOnlyList<KeyValuePair<Site, float[]>> Divisors(DecoderArchitecture architecture, float[] scales)
    {
        float[] producer = Spread(scales, ProducerScales(architecture));
        float[] consumer = Spread(scales, ConsumerScales(architecture));
        int layer = Layer;
        IEnumerable<KeyValuePair<Site, float[]>> At(float[] divisors, params SiteKind[] kinds) =>
            kinds.Select(kind => new KeyValuePair<Site, float[]>(new(layer, kind), divisors));

        return Kind switch
        {
            SmoothingKind.UpDown => [.. At(producer, SiteKind.UpOutput, SiteKind.DownInput)],
            SmoothingKind.ValueOutput => [.. At(producer, SiteKind.ValueOutput, SiteKind.ValueCache), .. At(consumer, SiteKind.OutputInput)],
            SmoothingKind.QueryKey =>
            [
                .. At(producer, SiteKind.KeyOutput, SiteKind.KeyRotated, SiteKind.KeyCache),
                .. At([.. consumer.Select(s => 1 / s)], SiteKind.QueryOutput, SiteKind.QueryRotated),
            ],
            _ => [new(ConsumerInput, scales)],
        };
    }

    private static void DivideNorm(DecoderArchitecture architecture, NormWeights norm, torch.Tensor scales)
    {
        if (architecture.Norm == NormKind.RmsGainPlusOne)
        {
            norm.Gain.Increase(1).div_(scales).Increase(-1);
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

    private static void MultiplyRows(LinearWeights linear, torch.Tensor scales)
    {
        using torch.Tensor column = scales.unsqueeze(1);
        linear.Weight.mul_(column);
        linear.Bias?.mul_(scales);
    }

    private static float[] Spread(float[] scales, int[]? map) => map is null ? scales : [.. map.Select(index => scales[index])];

    /// <summary>Scales of a head: rotation mixes channels i and i + rotated / 2, which therefore share one; what is not rotated is free.</summary>
    private static int FreeChannels(DecoderArchitecture architecture) =>
        architecture.HeadSize - (architecture.Rotary.RotatedSize(architecture.HeadSize) / 2);

    private static int Tied(DecoderArchitecture architecture, int channel)
    {
        int half = architecture.Rotary.RotatedSize(architecture.HeadSize) / 2;
        return channel < half ? channel : channel - half;
    }
}
