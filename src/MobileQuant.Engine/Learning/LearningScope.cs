namespace MobileQuant.Learning;

/// <summary>What is learned at once.</summary>
public enum LearningScope
{
    /// <summary>All layers by one loss (MobileQuant, arXiv 2408.13933).</summary>
    EndToEnd,

    /// <summary>One layer after the other, each by its own output (OmniQuant, arXiv 2308.13137).</summary>
    Block,
}
