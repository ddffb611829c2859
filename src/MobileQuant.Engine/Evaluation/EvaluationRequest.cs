namespace MobileQuant.Evaluation;

/// <summary>What to evaluate, on what, how.</summary>
public sealed record EvaluationRequest
{
    /// <summary>A checkpoint folder (evaluated in float) or an artifact (evaluated in integers).</summary>
    public required string ModelPath { get; init; }

    /// <summary>The text file.</summary>
    public required string TextPath { get; init; }

    /// <summary>What is measured.</summary>
    public EvaluationProtocol Protocol { get; init; }

    /// <summary>Tokens per window of <see cref="EvaluationProtocol.Perplexity"/>; null: 512 or the context if shorter.</summary>
    public int? Window { get; init; }

    /// <summary>Most windows, pages, lines or questions; null: all.</summary>
    public int? Limit { get; init; }

    /// <summary>Threads; 0: all cores.</summary>
    public int Threads { get; init; }

    /// <summary>How to quantize before simulating; null: a checkpoint is evaluated in float.</summary>
    public QuantizationRequest? Simulation { get; init; }
}
