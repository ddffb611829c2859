using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Modeling;

/// <summary>Rotated keys and values of positions already seen, in float32, for generation with the float model.</summary>
public sealed class KeyValueCache : IDisposable
{
    private readonly torch.Tensor[] _keys;
    private readonly torch.Tensor[] _values;

    /// <summary>An empty cache.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <param name="batch">Sequences side by side.</param>
    /// <param name="capacity">Most positions.</param>
    public KeyValueCache(DecoderArchitecture architecture, int batch, int capacity)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        Capacity = capacity;
        torch.Tensor Create() => torch.zeros(batch, architecture.KeyValueHeadCount, capacity, architecture.HeadSize, device: ComputeDevice.Current).DetachFromDisposeScope();
        _keys = [.. Enumerable.Range(0, architecture.LayerCount).Select(_ => Create())];
        _values = [.. Enumerable.Range(0, architecture.LayerCount).Select(_ => Create())];
    }

    /// <summary>A filled cache over given tensors, which this one never changes; do not dispose it before them.</summary>
    /// <param name="layers">Keys and values per layer, [batch, KV heads, positions, size].</param>
    /// <param name="length">Positions.</param>
    internal KeyValueCache(IEnumerable<(torch.Tensor Keys, torch.Tensor Values)> layers, int length)
    {
        (Capacity, Length) = (length, length);
        (torch.Tensor Keys, torch.Tensor Values)[] all = [.. layers];
        _keys = [.. all.Select(layer => layer.Keys)];
        _values = [.. all.Select(layer => layer.Values)];
    }

    /// <summary>Most positions.</summary>
    public int Capacity { get; }

    /// <summary>Positions filled.</summary>
    public int Length { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (torch.Tensor tensor in _keys.Concat(_values))
        {
            tensor.Dispose();
        }
    }

    /// <summary>Writes new positions and returns all of them, [batch, KV heads, positions, size].</summary>
    internal (torch.Tensor Keys, torch.Tensor Values) Append(int layer, torch.Tensor keys, torch.Tensor values)
    {
        long added = keys.shape[2];
        if (Length + added > Capacity)
        {
            throw new InvalidOperationException($"the cache holds {Capacity} positions");
        }

        using (torch.Tensor room = _keys[layer].narrow(2, Length, added))
        {
            room.copy_(keys);
        }

        using (torch.Tensor room = _values[layer].narrow(2, Length, added))
        {
            room.copy_(values);
        }

        return (_keys[layer].narrow(2, 0, Length + added), _values[layer].narrow(2, 0, Length + added));
    }

    /// <summary>The positions that are filled, [batch, KV heads, positions, size].</summary>
    internal (torch.Tensor Keys, torch.Tensor Values) Filled(int layer) =>
        (_keys[layer].narrow(2, 0, Length), _values[layer].narrow(2, 0, Length));

    /// <summary>Called after all layers have appended.</summary>
    internal void Advance(int positions) => Length += positions;
}
