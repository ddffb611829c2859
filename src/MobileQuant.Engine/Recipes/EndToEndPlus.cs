using MobileQuant.Learning;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Rounding;

namespace MobileQuant.Recipes;

/// <summary>
/// MobileQuant from the better of two starts, rotated or not, with the loss that a measurement chooses, and error-feedback rounding
/// on the learned grids where weights have few bits.
/// </summary>
public sealed class EndToEndPlus : IRecipe
{
    /// <inheritdoc/>
    public string Name => "MobileQuant+";

    /// <inheritdoc/>
    public string Description => "MobileQuant from the better start, rotated or not, by the loss that fits the model, with rounding errors of 4-bit weights fed back";

    /// <inheritdoc/>
    public bool MayRotate => true;

    /// <inheritdoc/>
    public bool Learns => true;

    /// <inheritdoc/>
    public RoundingMode RoundingFor(Precision precision) => new Rotated().RoundingFor(precision);

    /// <inheritdoc/>
    public LearningSettings? LearningFor(DecoderArchitecture architecture, Precision precision, ActivationMode activations) =>
        LearningBudget.EndToEnd(architecture) with { Loss = LearningLoss.Measured };

    /// <inheritdoc/>
    public RecipeOutcome Apply(RecipeContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.IsRotated ? new Rotated().Apply(context) : new SmoothQuantEdge().Apply(context);
    }
}
