using MobileQuant.Quantization;

namespace MobileQuant.Learning;

/// <summary>What a recipe learns, how long, and how fast. All of it decides the result, so all of it is in the fingerprint.</summary>
/// <remarks>
/// Adam moves a parameter by about its rate in each step, so rates times steps say how far learning can go. The paper's rates are for
/// 61,440 steps: with them, a few hundred steps end long before the loss does. Rates that are not given keep that distance constant:
/// 2 / steps for logarithms of scales and ranges, between 0.002 and 0.01, and ten times that for the logits of clips.
/// </remarks>
public sealed record LearningSettings
{
    private const double Distance = 2;
    private const double SmallestRate = 2e-3;
    private const double LargestRate = 1e-2;
    private const double ClipRatePerRate = 10;

    private readonly double? _transformationRate;
    private readonly double? _clipRate;
    private readonly double? _rangeRate;

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

    /// <summary>
    /// Whether weights are rounded first, and then the scales of their rows are learned, instead of transformations and clips before.
    /// </summary>
    public bool AfterRounding { get; init; }

    /// <summary>First learning rate of the scales' logarithms; unless given, by <see cref="Steps"/>.</summary>
    public double TransformationRate { get => _transformationRate ?? RateOfSteps; init => _transformationRate = value; }

    /// <summary>First learning rate of the clips' logits; unless given, by <see cref="Steps"/>.</summary>
    public double ClipRate { get => _clipRate ?? (ClipRatePerRate * RateOfSteps); init => _clipRate = value; }

    /// <summary>First learning rate of the ranges' logarithms; unless given, by <see cref="Steps"/>.</summary>
    public double RangeRate { get => _rangeRate ?? RateOfSteps; init => _rangeRate = value; }

    /// <summary>
    /// First learning rate of the logarithms of rounded rows' scales. On SmolLM2-135M in blocks of 64, 40 steps of 0.001, 0.003 and 0.008
    /// ended at 0.083, 0.082 and 0.091 nats of divergence (mean of the last eight steps; 0.096 over the first eight of 0.001).
    /// </summary>
    public double ScaleRate { get; init; } = 3e-3;

    /// <summary>What is left of each rate in the last step; cosine between.</summary>
    public double FinalRateFraction { get; init; } = 0.1;

    /// <summary>Whether the float model's targets are kept for all windows (one hidden state per token) or computed anew in each step. Never changes the result.</summary>
    public bool KeepsTargets { get; init; }

    private double RateOfSteps => Math.Round(Math.Clamp(Distance / Steps, SmallestRate, LargestRate), 4);
}
