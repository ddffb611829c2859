namespace MobileQuant.Evaluation.Comparison;

/// <summary>Says in every event which row it belongs to.</summary>
/// <param name="inner">Receives the events.</param>
/// <param name="label">Put in front of their texts.</param>
internal sealed class LabelledProgress(IProgress<QuantizationEvent> inner, string label) : IProgress<QuantizationEvent>
{
    /// <inheritdoc/>
    public void Report(QuantizationEvent value) => inner.Report(value switch
    {
        QuantizationEvent.Progress progress => progress with { Text = $"{label}: {progress.Text}" },
        QuantizationEvent.Message message => message with { Text = $"{label}: {message.Text}" },
        QuantizationEvent.Warning warning => warning with { Text = $"{label}: {warning.Text}" },
        _ => value,
    });
}
