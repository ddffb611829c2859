namespace MobileQuant;

/// <summary>
/// A pointer and a length over memory that does not move: a mapped file or a pinned array.
/// Keeps its owner alive; reading through it is as safe as the owner's lifetime.
/// </summary>
/// <typeparam name="T">An unmanaged element.</typeparam>
internal readonly unsafe struct NativeSpan<T>
    where T : unmanaged
{
    public NativeSpan(T* pointer, long length, object? owner)
    {
        Pointer = pointer;
        Length = length;
        Owner = owner;
    }

    public T* Pointer { get; }

    public long Length { get; }

    /// <summary>What the memory belongs to: lives at least as long as this.</summary>
    public object? Owner { get; }

    public bool IsEmpty => Length == 0;

    /// <summary>The elements as a span; only for lengths below 2^31.</summary>
    public ReadOnlySpan<T> Span => new(Pointer, checked((int)Length));

    public T this[int index] => Span[index];

    /// <summary>Copies <paramref name="values"/> into pinned memory of its own.</summary>
    public static NativeSpan<T> Copy(ReadOnlySpan<T> values)
    {
        T[] pinned = GC.AllocateArray<T>(Math.Max(values.Length, 1), pinned: true);
        values.CopyTo(pinned);
        return new((T*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0), values.Length, pinned);
    }
}
