using MobileQuant.Evaluation.Quality;

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

    /// <summary>The checkpoint that an artifact is compared with; a simulation is compared with its own.</summary>
    public string? ReferencePath { get; init; }

    /// <summary>What a quantized model must keep against float; with the protocol <see cref="EvaluationProtocol.Perplexity"/> only.</summary>
    public QualityLimits Limits { get; init; } = QualityLimits.None;

    /// <summary>How to quantize before simulating; null: a checkpoint is evaluated in float.</summary>
    public QuantizationRequest? Simulation { get; init; }
}
