using MobileQuant.Learning;

namespace MobileQuant.Quantization;

/// <summary>Which recipe ran with which settings: what the manifest and reports tell.</summary>
/// <param name="Name">The recipe's name.</param>
/// <param name="Settings">Settings as used, such as alpha (searched or given) and the calibration's source and size, by name.</param>
public sealed record RecipeSummary(string Name, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>What searches tried and what they took, in order; empty where nothing was searched.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>What learning did; null where nothing was learned.</summary>
    public LearningRecord? Learning { get; init; }
}
