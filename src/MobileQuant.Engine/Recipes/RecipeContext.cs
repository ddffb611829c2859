using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Recipes;

/// <summary>What a recipe works on.</summary>
public sealed record RecipeContext
{
    /// <summary>The float model; recipes fold into its weights.</summary>
    public required DecoderModel Model { get; init; }

    /// <summary>Whether the model was rotated.</summary>
    public bool IsRotated { get; init; }

    /// <summary>The windows that it was calibrated on.</summary>
    public required CalibrationSet Calibration { get; init; }

    /// <summary>Ranges of the model as given.</summary>
    public required CalibrationStatistics Statistics { get; init; }

    /// <summary>Widths.</summary>
    public required Precision Precision { get; init; }

    /// <summary>Where activation scales come from.</summary>
    public required ActivationMode Activations { get; init; }

    /// <summary>What the model is quantized for.</summary>
    public QuantizationTarget Target { get; init; }

    /// <summary>How each linear layer's weights are put on integers.</summary>
    public required WeightSchemes Schemes { get; init; }

    /// <summary>Smoothing strength, or null to search it.</summary>
    public double? Alpha { get; init; }

    /// <summary>
    /// Puts the decoder layers' weights back to the checkpoint's; null where there is none to read them from. Undoing a fold by
    /// another leaves differences in the last digit, which move 4-bit weights between codes.
    /// </summary>
    public Action? RestoreWeights { get; init; }

    /// <summary>Told what goes on; may be null.</summary>
    public IProgress<QuantizationEvent>? Progress { get; init; }

    /// <summary>Stops the recipe.</summary>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>The quantized graph of the weights as they are now. It shares them: do not dispose it before the last use of the model.</summary>
    /// <param name="statistics">Ranges that belong to the weights.</param>
    /// <param name="summary">What made them.</param>
    /// <returns>The graph.</returns>
    public QuantizedGraph ToGraph(CalibrationStatistics statistics, RecipeSummary summary)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        return new()
        {
            Architecture = Model.Architecture,
            Weights = Model.Weights,
            Precision = Precision,
            Activations = Activations,
            Target = Target,
            Schemes = Schemes,
            Prefix = [.. Model.Prefix],
            Ranges = statistics.ToSiteRanges(),
            Recipe = summary,
        };
    }
}
