using MobileQuant.Quantization;

namespace MobileQuant.Recipes;

/// <summary>SmoothQuant over every legal pair: also up to down, which makes static 8-bit activations work, and v to o.</summary>
public sealed class SmoothQuantEdge : IRecipe
{
    /// <inheritdoc/>
    public string Name => "SmoothQuant-Edge";

    /// <inheritdoc/>
    public string Description => "SmoothQuant on every legal pair, up to down and v to o included";

    /// <inheritdoc/>
    public RecipeOutcome Apply(RecipeContext context) =>
        SmoothingSearch.Run(context, [SmoothingKind.AttentionNorm, SmoothingKind.MlpNorm, SmoothingKind.ValueOutput, SmoothingKind.UpDown]);
}
