using System.Runtime.InteropServices;

namespace MobileQuant.Decoding;

/// <summary>Zeroed native memory on a 64-byte boundary, for the working rows of a decoder.</summary>
internal sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    public NativeBuffer(long length)
    {
        Length = length;
        nuint bytes = (nuint)(length * sizeof(T));
        Pointer = (T*)NativeMemory.AlignedAlloc(Math.Max(bytes, 64), 64);
        NativeMemory.Clear(Pointer, bytes);
    }

    ~NativeBuffer() => Free();

    public T* Pointer { get; private set; }

    public long Length { get; }

    public Span<T> Row(long index, int length) => new(Pointer + (index * length), length);

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
    }
}
