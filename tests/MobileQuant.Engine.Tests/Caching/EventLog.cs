using System.Collections.Concurrent;

namespace MobileQuant.Tests.Caching;

/// <summary>Keeps events in the order in which they were reported.</summary>
internal sealed class EventLog : IProgress<QuantizationEvent>
{
    private readonly ConcurrentQueue<QuantizationEvent> _events = new();

    public IEnumerable<QuantizationEvent> All => _events;

    public IEnumerable<string> Messages => _events.OfType<QuantizationEvent.Message>().Select(e => e.Text);

    public IEnumerable<string> Warnings => _events.OfType<QuantizationEvent.Warning>().Select(e => e.Code);

    public IEnumerable<QuantizationEvent.Progress> Steps => _events.OfType<QuantizationEvent.Progress>();

    public void Report(QuantizationEvent value) => _events.Enqueue(value);
}
