namespace MobileQuant.Quantization;

/// <summary>How a site's tensor is quantized.</summary>
/// <param name="Bits">Width of its unsigned codes; 0: not quantized.</param>
/// <param name="Grouping">What shares a scale.</param>
public readonly record struct SiteFormat(int Bits, SiteGrouping Grouping)
{
    /// <summary>Stays as it is, or is so fine that nothing is lost.</summary>
    public static SiteFormat Exact { get; } = new(0, SiteGrouping.Tensor);
}
