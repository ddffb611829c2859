namespace MobileQuant.Recipes;

/// <summary>The recipes of this version.</summary>
public static class RecipeCatalog
{
    /// <summary>All recipes, simplest first.</summary>
    public static IReadOnlyList<IRecipe> All { get; } = [new RoundToNearest(), new SmoothQuant(), new SmoothQuantEdge()];

    /// <summary>Finds a recipe.</summary>
    /// <param name="name">Its name, in any case.</param>
    /// <returns>The recipe.</returns>
    /// <exception cref="MobileQuantException">MQ3001: there is none of this name.</exception>
    public static IRecipe Find(string name) =>
        All.FirstOrDefault(recipe => string.Equals(recipe.Name, name?.Trim(), StringComparison.OrdinalIgnoreCase))
        ?? throw new MobileQuantException("MQ3001", $"Unknown recipe '{name}'.", $"Use one of: {string.Join(", ", All.Select(recipe => recipe.Name))}.");
}
