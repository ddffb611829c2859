using MobileQuant.Arithmetic;
using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Lowering;

/// <summary>
/// The fixed-point scale of the residual stream: the finest for which the embedding's bound and the bounds of all branches sum
/// to less than 2^31. Every branch is clamped at its bound, so plain adds cannot wrap: a proof by construction.
/// </summary>
internal sealed class ResidualScale
{
    /// <summary>A branch's bound is its observed maximum times this: calibration sees a small part of what users type.</summary>
    public const double BranchMargin = 4;

    private readonly QuantizedGraph _graph;

    private ResidualScale(QuantizedGraph graph, double step, FixedPointFactor[] embeddingFactors, long embeddingBound)
    {
        _graph = graph;
        Step = step;
        EmbeddingFactors = embeddingFactors;
        TotalBound = embeddingBound;
        for (int layer = 0; layer < graph.Architecture.LayerCount; layer++)
        {
            TotalBound += BranchBound(new(layer, SiteKind.OutputOutput)) + BranchBound(new(layer, SiteKind.DownOutput));
        }
    }

    /// <summary>Real value of one code.</summary>
    public double Step { get; }

    /// <summary>Embedding codes to residual codes, per token.</summary>
    public FixedPointFactor[] EmbeddingFactors { get; }

    /// <summary>Largest |residual| anywhere; below 2^31.</summary>
    public long TotalBound { get; }

    /// <summary>Finds the scale of a graph.</summary>
    /// <exception cref="MobileQuantException">MQ3050: the bounds do not fit.</exception>
    public static ResidualScale Find(QuantizedGraph graph, float[] embeddingScales)
    {
        double embedding = embeddingScales.Max() * 127 * graph.Architecture.EmbeddingScale;
        double sum = embedding;
        for (int layer = 0; layer < graph.Architecture.LayerCount; layer++)
        {
            sum += Margin(graph, new(layer, SiteKind.OutputOutput)) + Margin(graph, new(layer, SiteKind.DownOutput));
        }

        // Each bound is rounded up to a code and channel words keep 26 bits: leave room for both.
        double step = sum / ((1L << 31) - (4L * graph.Architecture.LayerCount) - (1 << 10));
        FixedPointFactor[] factors =
        [
            .. embeddingScales.Select(s => Artifacts.ChannelWord.Unpack(Artifacts.ChannelWord.Pack(
                FixedPointFactor.FromDouble(s * graph.Architecture.EmbeddingScale / step)))),
        ];
        long bound = factors.Max(f => Requantize.Scale(127, f));
        ResidualScale scale = new(graph, step, factors, bound);
        return scale.TotalBound < 1L << 31
            ? scale
            : throw new MobileQuantException("MQ3050", $"The residual stream's bounds sum to {scale.TotalBound}, at or above 2^31.", "This is a fault of the tool: please report it.");
    }

    /// <summary>The bound of a branch in codes, at least 1.</summary>
    public int BranchBound(Site site) => (int)Math.Max(1, Math.Ceiling(Margin(_graph, site) / Step));

    private static double Margin(QuantizedGraph graph, Site site) => graph.Ranges[site].AbsoluteMaximum * BranchMargin;
}
