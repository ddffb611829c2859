using MobileQuant.Learning;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Rounding;

namespace MobileQuant.Recipes;

/// <summary>A method that turns a calibrated float model into one that quantizes well.</summary>
public interface IRecipe
{
    /// <summary>The name that users write.</summary>
    string Name { get; }

    /// <summary>One sentence for help texts.</summary>
    string Description { get; }

    /// <summary>Whether the model is rotated before it is calibrated; only models whose norms allow it get there.</summary>
    bool Rotates => false;

    /// <summary>Whether rotation is tried as another start, and kept where the simulation is nearer to the float model with it.</summary>
    bool MayRotate => false;

    /// <summary>Whether something is learned behind the method, before or after rounding.</summary>
    bool Learns => false;

    /// <summary>How weights are rounded unless the request says otherwise.</summary>
    /// <param name="precision">Widths.</param>
    /// <returns>Nearest or error feedback.</returns>
    RoundingMode RoundingFor(Precision precision) => RoundingMode.Nearest;

    /// <summary>What is learned, where <see cref="Learns"/>, unless the request's settings change it.</summary>
    /// <param name="architecture">The decoder, whose size decides how long.</param>
    /// <param name="precision">Widths.</param>
    /// <param name="activations">Where activation scales come from.</param>
    /// <returns>The settings, or null where nothing is learned.</returns>
    LearningSettings? LearningFor(DecoderArchitecture architecture, Precision precision, ActivationMode activations) => null;

    /// <summary>Runs the method. It may change the context's weights in place, as long as the statistics that it returns belong to them.</summary>
    /// <param name="context">The model, its statistics and the request.</param>
    /// <returns>Statistics of the changed model, and the settings that were used.</returns>
    RecipeOutcome Apply(RecipeContext context);
}
