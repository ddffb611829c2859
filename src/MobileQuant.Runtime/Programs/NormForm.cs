namespace MobileQuant.Programs;

/// <summary>What the norms of a program compute.</summary>
public enum NormForm
{
    /// <summary>y = x / sqrt(mean(x^2) + eps) * gain.</summary>
    RootMeanSquare,

    /// <summary>y = (x - mean(x)) / sqrt(variance(x) + eps) * gain + bias.</summary>
    Layer,
}
