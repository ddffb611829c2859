using MobileQuant.Arithmetic;
using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Lowering;

/// <summary>The real scales of one layer's tensors, from its observed ranges: all that connects integers to the float model.</summary>
internal sealed class LayerScales
{
    /// <summary>s16 tensors reach this many times their observed maximum: 13 bits of precision remain below it.</summary>
    public const double WordMargin = 4;

    private const int WordLimit = 32767;

    public LayerScales(QuantizedGraph graph, int layer)
    {
        SiteRanges ranges = graph.Ranges;
        LayerWeights weights = graph.Weights.Layers[layer];
        AttentionNorm = new(graph.Architecture.Norm, weights.AttentionNorm);
        MlpNorm = new(graph.Architecture.Norm, weights.MlpNorm);
        Query = Word(ranges, new(layer, SiteKind.QueryOutput), new(layer, SiteKind.QueryRotated));
        Key = Word(ranges, new(layer, SiteKind.KeyOutput), new(layer, SiteKind.KeyRotated));
        Gate = Word(ranges, new Site(layer, SiteKind.GateOutput));
        Up = Word(ranges, new Site(layer, SiteKind.UpOutput));
        KeyCache = [.. ranges.Heads(new(layer, SiteKind.KeyCache)).Select(ByteScale.Of)];
        ValueCache = [.. ranges.Heads(new(layer, SiteKind.ValueCache)).Select(ByteScale.Of)];
        OutputInput = Math.ScaleB(KeepPositive(ValueCache.Max(v => v.Step)), -Softmax.OutputBits);
    }

    /// <summary>The norm before q, k and v.</summary>
    public NormLowering AttentionNorm { get; }

    /// <summary>The norm before gate and up.</summary>
    public NormLowering MlpNorm { get; }

    /// <summary>Step of q, before and after rotation.</summary>
    public double Query { get; }

    /// <summary>Step of k, before and after rotation.</summary>
    public double Key { get; }

    /// <summary>Step of the gate and of its activation.</summary>
    public double Gate { get; }

    /// <summary>Step of up.</summary>
    public double Up { get; }

    /// <summary>Scales of the key cache, per KV head.</summary>
    public IReadOnlyList<ByteScale> KeyCache { get; }

    /// <summary>Scales of the value cache, per KV head.</summary>
    public IReadOnlyList<ByteScale> ValueCache { get; }

    /// <summary>Unit of the attention row that o reads.</summary>
    public double OutputInput { get; }

    /// <summary>Unit of the product that down reads.</summary>
    public double DownInput => Gate * Up;

    private static double Word(SiteRanges ranges, params ReadOnlySpan<Site> sites)
    {
        double largest = 0;
        foreach (Site site in sites)
        {
            largest = Math.Max(largest, ranges[site].AbsoluteMaximum);
        }

        return KeepPositive(largest) * WordMargin / WordLimit;
    }

    // A tensor that calibration saw only as zeros still needs a scale.
    private static double KeepPositive(double value) => value > 0 ? value : 1;
}
