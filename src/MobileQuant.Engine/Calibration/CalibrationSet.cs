namespace MobileQuant.Calibration;

/// <summary>The token windows that a model is calibrated on.</summary>
/// <param name="Windows">All of one length.</param>
/// <param name="Source">Where they come from, for reports: <c>text</c> or <c>sampled</c>.</param>
public sealed record CalibrationSet(IReadOnlyList<int[]> Windows, string Source)
{
    /// <summary>Windows that are used unless asked otherwise.</summary>
    public const int DefaultWindowCount = 64;

    /// <summary>Tokens of a window, unless the context is shorter.</summary>
    public const int DefaultWindowLength = 512;

    /// <summary>Windows that are sampled from the model itself where there is no text.</summary>
    public const int SampledWindowCount = 32;

    /// <summary>Tokens of each window.</summary>
    public int WindowLength => Windows[0].Length;
}
