namespace MobileQuant.Recipes;

/// <summary>A method that turns a calibrated float model into one that quantizes well.</summary>
public interface IRecipe
{
    /// <summary>The name that users write.</summary>
    string Name { get; }

    /// <summary>One sentence for help texts.</summary>
    string Description { get; }

    /// <summary>Runs the method. It may change the context's weights in place, as long as the statistics that it returns belong to them.</summary>
    /// <param name="context">The model, its statistics and the request.</param>
    /// <returns>Statistics of the changed model, and the settings that were used.</returns>
    RecipeOutcome Apply(RecipeContext context);
}
