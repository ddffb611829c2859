namespace MobileQuant.Quantization;

/// <summary>Which elements of a tensor share a scale and a zero point.</summary>
public enum SiteGrouping
{
    /// <summary>All, from calibration.</summary>
    Tensor,

    /// <summary>Those of a KV head, from calibration.</summary>
    Head,

    /// <summary>Those of a token, found from the token itself.</summary>
    Token,

    /// <summary>Those of an embedding row: symmetric, found from the row itself, before inference.</summary>
    EmbeddingRow,
}
