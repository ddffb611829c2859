using System.Runtime.InteropServices;

namespace MobileQuant.Tests.Kernels;

/// <summary>Pages that may and pages that must not be touched, on Unix.</summary>
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
