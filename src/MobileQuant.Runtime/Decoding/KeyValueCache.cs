using System.Runtime.InteropServices;
using MobileQuant.Programs;

namespace MobileQuant.Decoding;

/// <summary>
/// The u8 keys and values of one session: <c>[layer][K, V][kvHead][capacity][headSize]</c>, so that a head's keys are one stream.
/// Grows by doubling up to the context, so a short session costs little memory.
/// </summary>
internal sealed unsafe class KeyValueCache : IDisposable
{
    private const int InitialCapacity = 256;

    private readonly ProgramShape _shape;
    private byte* _memory;

    public KeyValueCache(ProgramShape shape)
    {
        _shape = shape;
        Capacity = Math.Min(InitialCapacity, shape.Context);
        _memory = (byte*)NativeMemory.AlignedAlloc(Size(Capacity), 64);
    }

    ~KeyValueCache() => Free();

    /// <summary>Positions that fit without growing.</summary>
    public int Capacity { get; private set; }

    /// <summary>Bytes held.</summary>
    public long Bytes => (long)Size(Capacity);

    /// <summary>The keys of a head: <c>[capacity][headSize]</c>.</summary>
    public byte* Keys(int layer, int head) => Head(_memory, Capacity, layer, 0, head);

    /// <summary>The values of a head: <c>[capacity][headSize]</c>.</summary>
    public byte* Values(int layer, int head) => Head(_memory, Capacity, layer, 1, head);

    /// <summary>Puts the codes of a prefix into the first positions, where they stay.</summary>
    /// <param name="prefix">Of this shape; shorter than the context.</param>
    public void Fill(PrefixProgram prefix)
    {
        Reserve(prefix.Length, 0);
        int bytes = prefix.Length * _shape.HeadSize;
        for (int layer = 0; layer < _shape.Layers; layer++)
        {
            for (int head = 0; head < _shape.KeyValueHeads; head++)
            {
                int from = ((layer * _shape.KeyValueHeads) + head) * bytes;
                prefix.Keys.Span.Slice(from, bytes).CopyTo(new(Keys(layer, head), bytes));
                prefix.Values.Span.Slice(from, bytes).CopyTo(new(Values(layer, head), bytes));
            }
        }
    }

    /// <summary>Makes room for a number of positions.</summary>
    /// <param name="positions">At most the context.</param>
    /// <param name="filled">Positions whose content must be kept.</param>
    public void Reserve(int positions, int filled)
    {
        if (positions <= Capacity)
        {
            return;
        }

        int capacity = (int)Math.Min(Math.Max(positions, 2L * Capacity), _shape.Context);
        byte* memory = (byte*)NativeMemory.AlignedAlloc(Size(capacity), 64);
        long bytes = (long)filled * _shape.HeadSize;
        for (int layer = 0; layer < _shape.Layers; layer++)
        {
            for (int kind = 0; kind < 2; kind++)
            {
                for (int head = 0; head < _shape.KeyValueHeads; head++)
                {
                    Buffer.MemoryCopy(
                        Head(_memory, Capacity, layer, kind, head), Head(memory, capacity, layer, kind, head), bytes, bytes);
                }
            }
        }

        NativeMemory.AlignedFree(_memory);
        _memory = memory;
        Capacity = capacity;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private nuint Size(int capacity) =>
        (nuint)(2L * _shape.Layers * _shape.KeyValueHeads * capacity * _shape.HeadSize);

    private byte* Head(byte* memory, int capacity, int layer, int kind, int head) =>
        memory + ((((((long)layer * 2) + kind) * _shape.KeyValueHeads) + head) * capacity * _shape.HeadSize);

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
