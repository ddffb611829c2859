using MobileQuant.Quantization;

namespace MobileQuant.Evaluation.Comparison;

/// <summary>Which recipes and grids of one checkpoint to compare, and by what.</summary>
public sealed record ComparisonRequest
{
    /// <summary>Checkpoint, calibration, seed, threads and all settings that the rows share; each row replaces the four below.</summary>
    public required QuantizationRequest Shared { get; init; }

    /// <summary>Recipes, by name.</summary>
    public required IReadOnlyList<string> Recipes { get; init; }

    /// <summary>Widths.</summary>
    public required IReadOnlyList<Precision> Precisions { get; init; }

    /// <summary>Where activation scales come from.</summary>
    public IReadOnlyList<ActivationMode> Activations { get; init; } = [ActivationMode.Token];

    /// <summary>Grids of the weights.</summary>
    public IReadOnlyList<WeightSymmetry> Weights { get; init; } = [WeightSymmetry.Default];

    /// <summary>What is measured on every model, the float one included; the first decides the order of rows.</summary>
    public required IReadOnlyList<TextMeasure> Measures { get; init; }

    /// <summary>Recipes that are measured in the integer runtime too; a name of <see cref="Recipes"/> each.</summary>
    public IReadOnlyList<string> RuntimeRecipes { get; init; } = [];

    /// <summary>A text file with a prompt in each line, which simulation and integer runtime continue; null: parts of the first running text.</summary>
    public string? PromptsPath { get; init; }

    /// <summary>A file that finished rows are added to as they come, and taken from when they are there; null: none.</summary>
    public string? StatePath { get; init; }
}
