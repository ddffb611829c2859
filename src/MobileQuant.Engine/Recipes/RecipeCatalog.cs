using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Rotation;

namespace MobileQuant.Recipes;

/// <summary>The recipes of this version.</summary>
public static class RecipeCatalog
{
    /// <summary>The name that leaves the choice to measurements; the default.</summary>
    public const string Auto = "auto";

    /// <summary>All recipes, simplest first.</summary>
    public static IReadOnlyList<IRecipe> All { get; } =
    [
        new RoundToNearest(), new SmoothQuant(), new SmoothQuantEdge(), new Rotated(),
        new OmniQuant(), new OmniQuantEdge(learnsRanges: false), new OmniQuantEdge(learnsRanges: true), new EndToEnd(), new EndToEndPlus(),
    ];

    /// <summary>What users may write: <see cref="Auto"/> and the names of all recipes.</summary>
    public static IReadOnlyList<string> Names { get; } = [Auto, .. All.Select(recipe => recipe.Name)];

    /// <summary>Brings a name into its canonical spelling.</summary>
    /// <param name="name">A name of <see cref="Names"/>, in any case.</param>
    /// <returns>The name as <see cref="Names"/> has it.</returns>
    /// <exception cref="MobileQuantException">MQ3001: there is none of this name.</exception>
    public static string Normalize(string name) =>
        Names.FirstOrDefault(known => string.Equals(known, name?.Trim(), StringComparison.OrdinalIgnoreCase))
        ?? throw new MobileQuantException("MQ3001", $"Unknown recipe '{name}'.", $"Use one of: {string.Join(", ", Names)}.");

    /// <summary>Whether a recipe learns something; <see cref="Auto"/> never does.</summary>
    /// <param name="name">A name of <see cref="Names"/>, in any case.</param>
    /// <returns>True where it has settings of learning.</returns>
    /// <exception cref="MobileQuantException">MQ3001: there is none of this name.</exception>
    public static bool Learns(string name) => Normalize(name) != Auto && Find(name).Learns;

    /// <summary>Finds a recipe.</summary>
    /// <param name="name">Its name, in any case; not <see cref="Auto"/>.</param>
    /// <returns>The recipe.</returns>
    /// <exception cref="MobileQuantException">MQ3001: there is none of this name.</exception>
    public static IRecipe Find(string name) =>
        All.FirstOrDefault(recipe => string.Equals(recipe.Name, name?.Trim(), StringComparison.OrdinalIgnoreCase))
        ?? throw new MobileQuantException("MQ3001", $"Unknown recipe '{name}'.", $"Use one of: {string.Join(", ", All.Select(recipe => recipe.Name))}.");

    /// <summary>The recipe for a model: the one of this name, or for <see cref="Auto"/> what measurements say is best without training (docs/recipes.md).</summary>
    /// <param name="name">A name, in any case.</param>
    /// <param name="architecture">The decoder.</param>
    /// <param name="precision">Widths.</param>
    /// <returns>The recipe.</returns>
    /// <exception cref="MobileQuantException">MQ3001: there is none of this name.</exception>
    public static RecipeChoice Choose(string name, DecoderArchitecture architecture, Precision precision)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(precision);
        if (Normalize(name) != Auto)
        {
            return new(Find(name), null);
        }

        if (precision.WeightBits == 8)
        {
            return new(new SmoothQuantEdge(), "8-bit weights lose next to nothing");
        }

        return ModelRotation.CanRotate(architecture)
            ? new(new Rotated(), "4-bit weights gain most from rotation and error feedback")
            : new(new SmoothQuantEdge(), $"a model with norms of kind {architecture.Norm} cannot be rotated");
    }
}
