namespace MobileQuant.Evaluation;

/// <summary>What computed.</summary>
public enum EvaluationKind
{
    /// <summary>The checkpoint, in float32.</summary>
    Checkpoint,

    /// <summary>The checkpoint with its quantization simulated in float32.</summary>
    Simulation,

    /// <summary>The artifact, in the integer runtime.</summary>
    Artifact,
}
