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

    /// <summary>Width of the gains of norms, one asymmetric grid each; 0: not quantized.</summary>
    /// <param name="target">What runs the model.</param>
    /// <returns>Bits.</returns>
    public static int GainBits(QuantizationTarget target) => target == QuantizationTarget.Npu ? 16 : 0;

    private static SiteFormat OnCpu(SiteKind kind, ActivationMode activations, bool isWide) => kind switch
    {
        _ when isWide => new(16, SiteGrouping.Tensor, IsSigned: true),
        SiteKind.AttentionInput or SiteKind.OutputInput or SiteKind.MlpInput or SiteKind.DownInput =>
            new(8, activations == ActivationMode.Token ? SiteGrouping.Token : SiteGrouping.Tensor),
        SiteKind.KeyCache or SiteKind.ValueCache => new(8, SiteGrouping.Head),
        SiteKind.EmbeddingOutput => new(8, SiteGrouping.EmbeddingRow),
        _ => SiteFormat.Exact,
    };

    /// <summary>
    /// The paper's list. Two deviations, both towards the device: it leaves embedding, final norm and head in float when it
    /// simulates; here their activations have 16 bits, and the head's weight 8. k and v have one range per tensor in the cache,
    /// of their own, beside the one before rotation.
    /// </summary>
    private static SiteFormat OnNpu(SiteKind kind) => kind switch
    {
        SiteKind.EmbeddingOutput or SiteKind.AttentionNormInput or SiteKind.Scores or SiteKind.Probabilities or SiteKind.OutputOutput
            or SiteKind.MlpNormInput or SiteKind.DownOutput or SiteKind.HeadInput or SiteKind.HeadOutput => new(16, SiteGrouping.Tensor),

        // The cache holds k, a prefix included; the sum of a layer is seen by the norm behind it.
        SiteKind.KeyRotated or SiteKind.LayerOutput => SiteFormat.Exact,
        _ => new(8, SiteGrouping.Tensor),
    };
}
