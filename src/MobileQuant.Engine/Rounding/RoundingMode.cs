namespace MobileQuant.Rounding;

/// <summary>How weights come onto their grid.</summary>
public enum RoundingMode
{
    /// <summary>What the recipe says: error feedback for the 4-bit weights of <c>Rotated</c>, nearest for all others.</summary>
    Default,

    /// <summary>Each weight to its nearest code.</summary>
    Nearest,

    /// <summary>Column by column, the error of each spread over the columns still to come (GPTQ).</summary>
    ErrorFeedback,
}
