using MobileQuant.Learning;
using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Recipes;

/// <summary>
/// OmniQuant as it fits edge devices (arXiv 2408.13933): from SmoothQuant-Edge, scales of all pairs and weight clipping are learned
/// layer by layer, and in its second form the static activation ranges with them.
/// </summary>
/// <param name="learnsRanges">Whether ranges are learned too: the paper's «+ ARL».</param>
public sealed class OmniQuantEdge(bool learnsRanges) : IRecipe
{
    /// <inheritdoc/>
    public string Name => learnsRanges ? "OmniQuant-Edge+ARL" : "OmniQuant-Edge";

    /// <inheritdoc/>
    public string Description => learnsRanges
        ? "OmniQuant-Edge with learned activation ranges"
        : "learns smoothing scales of every pair and weight clipping layer by layer, from SmoothQuant-Edge";

    /// <inheritdoc/>
    public bool Learns => true;

    /// <inheritdoc/>
    public LearningSettings? LearningFor(DecoderArchitecture architecture, Precision precision, ActivationMode activations) =>
        LearningBudget.Block(architecture) with { Ranges = learnsRanges };

    /// <inheritdoc/>
    public RecipeOutcome Apply(RecipeContext context) => new SmoothQuantEdge().Apply(context);
}
