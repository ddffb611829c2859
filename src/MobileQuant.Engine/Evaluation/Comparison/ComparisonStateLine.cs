using System.Text.Json.Serialization;

namespace MobileQuant.Evaluation.Comparison;

/// <summary>A line of the state file: a row, or the float model's figures.</summary>
internal sealed record ComparisonStateLine
{
    /// <summary>Content key, 64 hex digits.</summary>
    public required string Key { get; init; }

    /// <summary>Name of the checkpoint, for people.</summary>
    public required string Model { get; init; }

    /// <summary>The float model's figures, or null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ComparisonScore>? Float { get; init; }

    /// <summary>What was measured, with <see cref="Float"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ComparisonMeasure>? Measures { get; init; }

    /// <summary>The row, or null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ComparisonRow? Row { get; init; }
}
