using System.Text.Json.Serialization;

namespace MobileQuant.Tool.Output;

/// <summary>What <c>eval --json</c> prints; measures that the protocol does not have are left out.</summary>
internal sealed record EvaluationOutput
{
    /// <summary>As it was named.</summary>
    public required string Model { get; init; }

    /// <summary>checkpoint (float), simulation or artifact (integers).</summary>
    public required string Kind { get; init; }

    /// <summary>The text file.</summary>
    public required string Text { get; init; }

    /// <summary>perplexity, wikitext, lambada or choice.</summary>
    public required string Protocol { get; init; }

    /// <summary>Tokens per window.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Window { get; init; }

    /// <summary>Tokens that were scored.</summary>
    public required long Tokens { get; init; }

    /// <summary>Per token.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Perplexity { get; init; }

    /// <summary>Per word, protocol wikitext.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? WordPerplexity { get; init; }

    /// <summary>Of last tokens, protocol lambada, or of answers, protocol choice (acc).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Accuracy { get; init; }

    /// <summary>Of answers by log-likelihood per character, protocol choice (acc_norm).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NormalizedAccuracy { get; init; }

    /// <summary>Questions, protocol choice.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Questions { get; init; }

    /// <summary>Against the float model, with a reference or limits.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public QualityResult? Quality { get; init; }

    /// <summary>Wall time.</summary>
    public required double Seconds { get; init; }
}
