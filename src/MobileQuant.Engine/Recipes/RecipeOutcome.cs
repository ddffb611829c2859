using MobileQuant.Calibration;

namespace MobileQuant.Recipes;

/// <summary>What a recipe did.</summary>
/// <param name="Statistics">Ranges of the model as the recipe left it.</param>
/// <param name="Settings">Settings as used, by name.</param>
public sealed record RecipeOutcome(CalibrationStatistics Statistics, IReadOnlyDictionary<string, string> Settings);
