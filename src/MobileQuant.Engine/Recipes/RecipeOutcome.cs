using MobileQuant.Calibration;
using MobileQuant.Quantization;

namespace MobileQuant.Recipes;

/// <summary>What a recipe did.</summary>
/// <param name="Statistics">Ranges of the model as the recipe left it.</param>
/// <param name="Settings">Settings as used, by name.</param>
public sealed record RecipeOutcome(CalibrationStatistics Statistics, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>What its searches tried and what they took, in order.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];
}
