namespace MobileQuant.Text;

/// <summary>What becomes of the matches of a splitting pattern; the names are those of tokenizer.json.</summary>
internal enum DelimiterBehavior
{
    /// <summary>A match is dropped.</summary>
    Removed,

    /// <summary>A match is a piece.</summary>
    Isolated,

    /// <summary>A match is the end of the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>A match is the start of the piece after it.</summary>
    MergedWithNext,

    /// <summary>Adjacent matches are one piece.</summary>
    Contiguous,
}
