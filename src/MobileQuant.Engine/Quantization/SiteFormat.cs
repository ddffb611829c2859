namespace MobileQuant.Quantization;

/// <summary>How a site's tensor is quantized.</summary>
/// <param name="Bits">Width of its codes; 0: not quantized.</param>
/// <param name="Grouping">What shares a scale.</param>
/// <param name="IsSigned">Whether its codes are signed around a zero point of 0, and then as wide as accumulators allow, up to <paramref name="Bits"/>.</param>
public readonly record struct SiteFormat(int Bits, SiteGrouping Grouping, bool IsSigned = false)
{
    /// <summary>Stays as it is, or is so fine that nothing is lost.</summary>
    public static SiteFormat Exact { get; } = new(0, SiteGrouping.Tensor);
}
