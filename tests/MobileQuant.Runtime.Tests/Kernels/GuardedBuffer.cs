using System.Runtime.InteropServices;

namespace MobileQuant.Tests.Kernels;

/// <summary>
/// Native memory between two pages that fault when touched (on Unix; elsewhere plain memory). The elements lie against
/// the page behind them, or against the page before them.
/// </summary>
internal sealed unsafe class GuardedBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly nint _region;
    private readonly nuint _size;

    public GuardedBuffer(int length, bool atEnd)
    {
        Length = length;
        nuint bytes = (nuint)length * (nuint)sizeof(T);
        if (OperatingSystem.IsWindows())
        {
            Pointer = (T*)NativeMemory.AllocZeroed(Math.Max(bytes, 1));
            return;
        }

        nuint page = (nuint)Environment.SystemPageSize;
        nuint inner = (bytes + page) / page * page;
        _size = inner + (2 * page);
        _region = GuardedMemory.Map(_size);
        GuardedMemory.Forbid(_region, page);
        GuardedMemory.Forbid(_region + (nint)(page + inner), page);
        byte* start = (byte*)_region + page;
        Pointer = (T*)(atEnd ? start + inner - bytes : start);
    }

    public GuardedBuffer(ReadOnlySpan<T> values, bool atEnd)
        : this(values.Length, atEnd) => values.CopyTo(Span);

    public T* Pointer { get; }

    public int Length { get; }

    public Span<T> Span => new(Pointer, Length);

    public NativeSpan<T> Native => new(Pointer, Length, this);

    public void Dispose()
    {
        if (_size == 0)
        {
            NativeMemory.Free(Pointer);
        }
        else
        {
            GuardedMemory.Unmap(_region, _size);
        }
    }
}
