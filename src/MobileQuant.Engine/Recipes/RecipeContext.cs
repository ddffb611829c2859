using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Recipes;

/// <summary>What a recipe works on.</summary>
public sealed class RecipeContext
{
    /// <summary>The float model; recipes fold into its weights.</summary>
    public required DecoderModel Model { get; init; }

    /// <summary>The windows that it was calibrated on.</summary>
    public required CalibrationSet Calibration { get; init; }

    /// <summary>Ranges of the model as given.</summary>
    public required CalibrationStatistics Statistics { get; init; }

    /// <summary>Widths.</summary>
    public required Precision Precision { get; init; }

    /// <summary>Where activation scales come from.</summary>
    public required ActivationMode Activations { get; init; }

    /// <summary>Grid of the weights, not Default.</summary>
    public required WeightSymmetry Symmetry { get; init; }

    /// <summary>How many weights share a scale.</summary>
    public required WeightGranularity Granularity { get; init; }

    /// <summary>Smoothing strength, or null to search it.</summary>
    public double? Alpha { get; init; }

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
            Symmetry = Symmetry,
            Granularity = Granularity,
            Ranges = statistics.ToSiteRanges(),
            Recipe = summary,
        };
    }
}
