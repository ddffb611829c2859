using MobileQuant.Learning;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Rounding;

namespace MobileQuant.Recipes;

/// <summary>
/// MobileQuant from the better of two starts, rotated or not, with the loss that a measurement chooses, and error-feedback rounding
/// on the learned grids where weights have few bits. With scales per block, rounding comes first, and the scales of the rounded rows are
/// learned then: what clips and transformations win there before rounding, rotation and error feedback win too, and not both.
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
        precision?.BlockSize > 0
            ? LearningBudget.EndToEnd(architecture) with { AfterRounding = true, Loss = LearningLoss.Logits }
            : LearningBudget.EndToEnd(architecture) with { Loss = LearningLoss.Measured };

    /// <inheritdoc/>
    public RecipeOutcome Apply(RecipeContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.IsRotated ? new Rotated().Apply(context) : new SmoothQuantEdge().Apply(context);
    }
}
