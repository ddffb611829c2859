namespace MobileQuant;

/// <summary>Why a generation ended.</summary>
public enum StopReason
{
    /// <summary>It has not ended yet, or was abandoned by the caller.</summary>
    None,

    /// <summary>The model ended its text.</summary>
    EndOfText,

    /// <summary>The asked number of tokens was generated.</summary>
    MaxTokens,

    /// <summary>The context is full: the model cannot attend to more positions.</summary>
    ContextFull,
}
