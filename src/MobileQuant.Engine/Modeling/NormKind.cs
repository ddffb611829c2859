namespace MobileQuant.Modeling;

/// <summary>How a row is normalized.</summary>
public enum NormKind
{
    /// <summary>y = x / sqrt(mean(x^2) + eps) * gain.</summary>
    Rms,

    /// <summary>As <see cref="Rms"/>, with gain + 1 in place of gain.</summary>
    RmsGainPlusOne,

    /// <summary>y = (x - mean(x)) / sqrt(variance(x) + eps) * gain + bias.</summary>
    Layer,
}
