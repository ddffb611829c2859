using MobileQuant.Quantization;

namespace MobileQuant.Learning;

/// <summary>What a recipe learns, how long, and how fast. All of it decides the result, so all of it is in the fingerprint.</summary>
public sealed record LearningSettings
{
    /// <summary>End to end, or layer by layer.</summary>
    public LearningScope Scope { get; init; } = LearningScope.EndToEnd;

    /// <summary>What end-to-end learning makes small; learning by blocks always takes the squared error of the block's output.</summary>
    public LearningLoss Loss { get; init; } = LearningLoss.HiddenState;

    /// <summary>Steps of the optimizer, 1 or more; by blocks: per layer.</summary>
    public int Steps { get; init; } = 400;

    /// <summary>Windows of a step.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>Windows that steps draw from.</summary>
    public int Windows { get; init; } = 512;

    /// <summary>Tokens of a window, unless the context is shorter.</summary>
    public int WindowLength { get; init; } = 512;

    /// <summary>The pairs whose scales are learned (on a logarithmic scale); empty: none.</summary>
    public IReadOnlyList<SmoothingKind> Transformations { get; init; } =
        [SmoothingKind.AttentionNorm, SmoothingKind.MlpNorm, SmoothingKind.ValueOutput, SmoothingKind.UpDown, SmoothingKind.QueryKey];

    /// <summary>Whether weight clipping is learned.</summary>
    public bool Clips { get; init; } = true;

    /// <summary>Whether static activation ranges are learned.</summary>
    public bool Ranges { get; init; } = true;

    /// <summary>First learning rate of the scales' logarithms.</summary>
    public double TransformationRate { get; init; } = 1e-3;

    /// <summary>First learning rate of the clips' logits.</summary>
    public double ClipRate { get; init; } = 1e-2;

    /// <summary>First learning rate of the ranges' logarithms.</summary>
    public double RangeRate { get; init; } = 1e-3;

    /// <summary>What is left of each rate in the last step; cosine between.</summary>
    public double FinalRateFraction { get; init; } = 0.1;

    /// <summary>Whether the float model's targets are kept for all windows (one hidden state per token) or computed anew in each step. Never changes the result.</summary>
    public bool KeepsTargets { get; init; }
}
