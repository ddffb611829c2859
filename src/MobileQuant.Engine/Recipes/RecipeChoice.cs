namespace MobileQuant.Recipes;

/// <summary>The recipe that a request comes to.</summary>
/// <param name="Recipe">What runs.</param>
/// <param name="Reason">Why <c>auto</c> chose it, for reports; null where the user named it.</param>
public sealed record RecipeChoice(IRecipe Recipe, string? Reason);
