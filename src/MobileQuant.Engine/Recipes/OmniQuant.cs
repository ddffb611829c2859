using MobileQuant.Learning;
using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Recipes;

/// <summary>OmniQuant (arXiv 2308.13137): scales of all pairs but up to down, and weight clipping, learned layer by layer.</summary>
public sealed class OmniQuant : IRecipe
{
    /// <inheritdoc/>
    public string Name => "OmniQuant";

    /// <inheritdoc/>
    public string Description => "learns smoothing scales, without up to down, and weight clipping layer by layer";

    /// <inheritdoc/>
    public bool Learns => true;

    /// <inheritdoc/>
    public LearningSettings? LearningFor(DecoderArchitecture architecture, Precision precision, ActivationMode activations) =>
        LearningBudget.Block(architecture) with
        {
            Transformations = [SmoothingKind.AttentionNorm, SmoothingKind.MlpNorm, SmoothingKind.ValueOutput, SmoothingKind.QueryKey],
            Ranges = false,
        };

    /// <inheritdoc/>
    public RecipeOutcome Apply(RecipeContext context) =>
        SmoothingSearch.Run(context, [SmoothingKind.AttentionNorm, SmoothingKind.MlpNorm, SmoothingKind.ValueOutput]);
}
