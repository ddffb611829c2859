using System.Text.Json.Serialization;
using MobileQuant.Evaluation.Fidelity;
using MobileQuant.Evaluation.Reporting;
using MobileQuant.Learning;
using MobileQuant.Quantization;

namespace MobileQuant.Evaluation.Comparison;

/// <summary>One recipe at one precision: what it gave and what it took. Words are those of the command line.</summary>
public sealed record ComparisonRow
{
    /// <summary>As it was asked for.</summary>
    public required string Recipe { get; init; }

    /// <summary>Such as W4A8.</summary>
    public required string Precision { get; init; }

    /// <summary>token or static.</summary>
    public required string Activations { get; init; }

    /// <summary>symmetric or asymmetric.</summary>
    public required string Weights { get; init; }

    /// <summary>In float arithmetic with every loss simulated; null where the recipe failed.</summary>
    public IReadOnlyList<ComparisonScore>? Simulation { get; init; }

    /// <summary>In the integer runtime; null where that was not asked for, or failed.</summary>
    public IReadOnlyList<ComparisonScore>? Runtime { get; init; }

    /// <summary>Integer runtime and simulation as writers of text, on prompts of the request or from the first running text; null without either.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GreedyAgreement? Greedy { get; init; }

    /// <summary>Minutes from the checkpoint to the quantized graph.</summary>
    public double QuantizeMinutes { get; init; }

    /// <summary>Minutes of lowering and measuring.</summary>
    public double EvaluateMinutes { get; init; }

    /// <summary>Largest resident set of the process during this row, sampled.</summary>
    public long PeakMemoryBytes { get; init; }

    /// <summary>Size of the artifact; null without the integer runtime.</summary>
    public long? ArtifactBytes { get; init; }

    /// <summary>The recipe's settings as used.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>What its searches tried.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>Signal to noise of the worst site of each layer in the simulation, on the first texts that have running text; empty where there is none.</summary>
    public IReadOnlyList<FidelityPoint> Fidelity { get; init; } = [];

    /// <summary>The same of the integer runtime against the simulation, of branches and residual streams; empty without either.</summary>
    public IReadOnlyList<FidelityPoint> RuntimeFidelity { get; init; } = [];

    /// <summary>The loss while it learned; empty where it did not.</summary>
    public IReadOnlyList<LearningPoint> Curve { get; init; } = [];

    /// <summary>Steps of the optimizer that changed nothing because loss or gradients were not finite.</summary>
    public int SkippedSteps { get; init; }

    /// <summary>Why there is less than was asked for; null where all went well.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ComparisonError? Error { get; init; }
}
