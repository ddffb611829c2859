using MobileQuant.Quantization;
using MobileQuant.Rounding;

namespace MobileQuant.Recipes;

/// <summary>
/// Rotation, which the pipeline does before calibrating, then smoothing on the pairs that are left (gains are folded, so norms
/// have none), then error-feedback rounding where weights have few bits.
/// </summary>
public sealed class Rotated : IRecipe
{
    /// <inheritdoc/>
    public string Name => "Rotated";

    /// <inheritdoc/>
    public string Description => "rotates the residual stream and the heads, smooths up to down and v to o, and feeds rounding errors of 4-bit weights back";

    /// <inheritdoc/>
    public bool Rotates => true;

    /// <inheritdoc/>
    public RoundingMode RoundingFor(Precision precision) => precision?.WeightBits == 4 ? RoundingMode.ErrorFeedback : RoundingMode.Nearest;

    /// <inheritdoc/>
    public RecipeOutcome Apply(RecipeContext context) => SmoothingSearch.Run(context, [SmoothingKind.ValueOutput, SmoothingKind.UpDown]);
}
