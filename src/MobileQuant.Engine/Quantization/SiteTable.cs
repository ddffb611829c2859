using MobileQuant.Modeling;

namespace MobileQuant.Quantization;

/// <summary>Which sites lose information on which target: the one place that says so.</summary>
public static class SiteTable
{
    /// <summary>How a site is quantized.</summary>
    /// <param name="target">What runs the model.</param>
    /// <param name="kind">The site.</param>
    /// <param name="activations">Where scales of linear inputs come from; on an NPU always static.</param>
    /// <param name="isWide">Whether the graph keeps 16 bits here.</param>
    /// <returns>The format.</returns>
    public static SiteFormat FormatOf(QuantizationTarget target, SiteKind kind, ActivationMode activations, bool isWide = false) =>
        target == QuantizationTarget.Cpu ? OnCpu(kind, activations, isWide)
        : isWide ? new(16, SiteGrouping.Tensor)
        : OnNpu(kind);

    private static SiteFormat OnCpu(SiteKind kind, ActivationMode activations, bool isWide) => kind switch
    {
        _ when isWide => new(16, SiteGrouping.Tensor, IsSigned: true),
        SiteKind.AttentionInput or SiteKind.OutputInput or SiteKind.MlpInput or SiteKind.DownInput =>
            new(8, activations == ActivationMode.Token ? SiteGrouping.Token : SiteGrouping.Tensor),
        SiteKind.KeyCache or SiteKind.ValueCache => new(8, SiteGrouping.Head),
        SiteKind.EmbeddingOutput => new(8, SiteGrouping.EmbeddingRow),
        _ => SiteFormat.Exact,
    };

    private static SiteFormat OnNpu(SiteKind kind) => kind switch
    {
        SiteKind.EmbeddingOutput or SiteKind.OutputOutput or SiteKind.DownOutput or SiteKind.HeadInput or SiteKind.HeadOutput => new(16, SiteGrouping.Tensor),
        // The cache holds what KeyRotated and ValueOutput already put on a grid.
        SiteKind.KeyCache or SiteKind.ValueCache => SiteFormat.Exact,
        _ => new(8, SiteGrouping.Tensor),
    };
}
