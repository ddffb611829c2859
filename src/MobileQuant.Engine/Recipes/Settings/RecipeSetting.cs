namespace MobileQuant.Recipes;

/// <summary>One key of <see cref="RecipeSettings"/>.</summary>
/// <param name="Key">As files and items spell it; found in any case.</param>
/// <param name="Allowed">Its values, for people.</param>
/// <param name="TextOf">Its value in one spelling, or null where it is not set.</param>
/// <param name="With">The settings with this one read from a text, or null where the text is none of its values.</param>
public sealed record RecipeSetting(
    string Key,
    string Allowed,
    Func<RecipeSettings, string?> TextOf,
    Func<RecipeSettings, string, RecipeSettings?> With);
