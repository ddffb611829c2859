namespace MobileQuant.Recipes;

/// <summary>Nothing but rounding: the floor that every other recipe must beat.</summary>
public sealed class RoundToNearest : IRecipe
{
    /// <inheritdoc/>
    public string Name => "RoundToNearest";

    /// <inheritdoc/>
    public string Description => "rounds weights and uses observed ranges, without any transformation";

    /// <inheritdoc/>
    public RecipeOutcome Apply(RecipeContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new(context.Statistics, new Dictionary<string, string>());
    }
}
