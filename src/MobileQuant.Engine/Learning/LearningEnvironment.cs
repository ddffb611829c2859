using MobileQuant.Quantization;

namespace MobileQuant.Learning;

/// <summary>What learning is told besides its settings. Only <see cref="Seed"/> and <see cref="Target"/> decide the result.</summary>
public sealed record LearningEnvironment
{
    /// <summary>Steps between two saved states unless asked otherwise.</summary>
    public const int DefaultSaveInterval = 25;

    /// <summary>Decides which windows a step draws.</summary>
    public int Seed { get; init; } = 1337;

    /// <summary>Whose losses are simulated while learning.</summary>
    public QuantizationTarget Target { get; init; } = QuantizationTarget.Cpu;

    /// <summary>
    /// A file that the state is saved to, and from which a run that was stopped goes on, to the bit as if it had not been; removed at
    /// the end. Null: nothing is saved. A state of another run is passed over with a message.
    /// </summary>
    public string? StatePath { get; init; }

    /// <summary>Steps between two saved states, 1 or more.</summary>
    public int SaveInterval { get; init; } = DefaultSaveInterval;

    /// <summary>Told about step <c>learn</c>; may be null.</summary>
    public IProgress<QuantizationEvent>? Progress { get; init; }

    /// <summary>Stops between layers; the state of the last saved step stays.</summary>
    public CancellationToken CancellationToken { get; init; }
}
