using MobileQuant.Learning;
using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Recipes;

/// <summary>
/// MobileQuant (arXiv 2408.13933): from SmoothQuant-Edge, scales, weight clipping and activation ranges of all layers are learned
/// together, by the squared error behind the last layer.
/// </summary>
public sealed class EndToEnd : IRecipe
{
    /// <inheritdoc/>
    public string Name => "MobileQuant";

    /// <inheritdoc/>
    public string Description => "learns scales, weight clipping and activation ranges of all layers together, from SmoothQuant-Edge";

    /// <inheritdoc/>
    public bool Learns => true;

    /// <inheritdoc/>
    public LearningSettings? LearningFor(DecoderArchitecture architecture, Precision precision, ActivationMode activations) => LearningBudget.EndToEnd(architecture);

    /// <inheritdoc/>
    public RecipeOutcome Apply(RecipeContext context) => new SmoothQuantEdge().Apply(context);
}
