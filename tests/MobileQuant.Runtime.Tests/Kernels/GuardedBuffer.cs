using System.Runtime.InteropServices;

namespace MobileQuant.Tests.Kernels;

/// <summary>
/// Native memory between two pages that fault when touched (on Unix; elsewhere plain memory). The elements lie against
/// the page behind them, or against the page before them.
/// </summary>
internal sealed unsafe partial class GuardedBuffer<T> : IDisposable
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

internal static partial class GuardedMemory
{
    private const int ReadWrite = 3;
    private const int PrivateFlag = 2;

    public static nint Map(nuint size)
    {
        int anonymous = OperatingSystem.IsMacOS() ? 0x1000 : 0x20;
        nint region = mmap(0, size, ReadWrite, PrivateFlag | anonymous, -1, 0);
        return region == -1 ? throw new InvalidOperationException("mmap failed") : region;
    }

    public static void Forbid(nint address, nuint size) => Assert.Equal(0, mprotect(address, size, 0));

    public static void Unmap(nint address, nuint size) => Assert.Equal(0, munmap(address, size));

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc")]
    private static partial int mprotect(nint address, nuint length, int protection);

    [LibraryImport("libc")]
    private static partial int munmap(nint address, nuint length);
}
