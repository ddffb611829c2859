using MobileQuant.Learning;
using MobileQuant.Quantization;

namespace MobileQuant.Recipes;

/// <summary>
/// What a user changes of a recipe: each member takes the place of the recipe's own value, null leaves that alone. Keys in files are
/// the members' names with a small first letter; <see cref="RecipeSettingTable"/> has their ranges.
/// </summary>
public sealed record RecipeSettings
{
    /// <summary>Nothing is changed.</summary>
    public static RecipeSettings None { get; } = new();

    /// <summary>endToEnd or block.</summary>
    public LearningScope? Scope { get; init; }

    /// <summary>hiddenState, finalNorm or logits; end to end only.</summary>
    public LearningLoss? Loss { get; init; }

    /// <summary>Steps of the optimizer; by blocks: per layer.</summary>
    public int? Steps { get; init; }

    /// <summary>Windows of a step.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Windows that steps draw from.</summary>
    public int? Windows { get; init; }

    /// <summary>Tokens of a window, unless the context is shorter.</summary>
    public int? WindowLength { get; init; }

    /// <summary>Whether weights are rounded first, and the scales of their rows learned then.</summary>
    public bool? AfterRounding { get; init; }

    /// <summary>The pairs whose scales are learned; empty: none.</summary>
    public IReadOnlyList<SmoothingKind>? Transformations { get; init; }

    /// <summary>Whether weight clipping is learned.</summary>
    public bool? Clips { get; init; }

    /// <summary>Whether static activation ranges are learned.</summary>
    public bool? Ranges { get; init; }

    /// <summary>First learning rate of the scales' logarithms.</summary>
    public double? TransformationRate { get; init; }

    /// <summary>First learning rate of the clips' logits.</summary>
    public double? ClipRate { get; init; }

    /// <summary>First learning rate of the ranges' logarithms.</summary>
    public double? RangeRate { get; init; }

    /// <summary>First learning rate of the scales of rounded rows.</summary>
    public double? ScaleRate { get; init; }

    /// <summary>What is left of each rate in the last step.</summary>
    public double? FinalRateFraction { get; init; }

    /// <summary>Whether targets are kept for all windows; never changes the result.</summary>
    public bool? KeepsTargets { get; init; }

    /// <summary>Whether nothing is changed.</summary>
    public bool IsEmpty => RecipeSettingTable.All.All(setting => setting.TextOf(this) is null);

    /// <summary>The settings that decide the result, in one spelling and order, such as <c>loss=logits; steps=200</c>; <c>none</c> for none.</summary>
    public string ResultText => RecipeSettingTable.Join((this with { KeepsTargets = null }).Texts()) is { Length: > 0 } text ? text : "none";

    /// <summary>Puts these settings in the place of a recipe's own.</summary>
    /// <param name="learning">The recipe's.</param>
    /// <returns>What is learned.</returns>
    /// <exception cref="MobileQuantException">MQ3005: they contradict each other or the recipe's.</exception>
    public LearningSettings ApplyTo(LearningSettings learning)
    {
        ArgumentNullException.ThrowIfNull(learning);
        LearningSettings result = learning with
        {
            Scope = Scope ?? learning.Scope,
            Loss = Loss ?? learning.Loss,
            Steps = Steps ?? learning.Steps,
            BatchSize = BatchSize ?? learning.BatchSize,
            Windows = Windows ?? learning.Windows,
            WindowLength = WindowLength ?? learning.WindowLength,
            AfterRounding = AfterRounding ?? learning.AfterRounding,
            Transformations = Transformations ?? learning.Transformations,
            Clips = Clips ?? learning.Clips,
            Ranges = Ranges ?? learning.Ranges,
            ScaleRate = ScaleRate ?? learning.ScaleRate,
            FinalRateFraction = FinalRateFraction ?? learning.FinalRateFraction,
            KeepsTargets = KeepsTargets ?? learning.KeepsTargets,
        };

        // Rates follow the steps unless they are given.
        result = TransformationRate is { } transformationRate ? result with { TransformationRate = transformationRate } : result;
        result = ClipRate is { } clipRate ? result with { ClipRate = clipRate } : result;
        result = RangeRate is { } rangeRate ? result with { RangeRate = rangeRate } : result;
        if (result.BatchSize > result.Windows)
        {
            throw new MobileQuantException("MQ3005", $"A step takes batchSize={result.BatchSize} windows, but there are windows={result.Windows}.", "Raise windows, or lower batchSize.");
        }

        if (Loss is not null && result.Scope == LearningScope.Block)
        {
            throw new MobileQuantException("MQ3005", $"loss={RecipeSettingTable.NameOf(result.Loss)} has no effect with scope=block, which compares the outputs of each layer.", "Leave loss out, or use scope=endToEnd.");
        }

        if (result.AfterRounding && (Transformations is { Count: > 0 } || Clips == true))
        {
            throw new MobileQuantException("MQ3005", "With afterRounding=true neither transformations nor clips can be learned: the codes are chosen already.", "Leave them out, or set afterRounding=false.");
        }

        return !result.AfterRounding && result.Transformations.Count == 0 && !result.Clips && !result.Ranges
            ? throw new MobileQuantException("MQ3005", "Nothing is left to learn: transformations, clips and ranges are all off.", "Leave one of them on, or use a recipe that learns nothing.")
            : result;
    }

    /// <inheritdoc/>
    public override string ToString() => RecipeSettingTable.Join(Texts());

    private IEnumerable<(string Key, string? Value)> Texts() => RecipeSettingTable.All.Select(setting => (setting.Key, setting.TextOf(this)));
}
