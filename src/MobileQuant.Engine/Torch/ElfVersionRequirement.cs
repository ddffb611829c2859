using System.Buffers.Binary;
using System.Text;

namespace MobileQuant.Torch;

/// <summary>
/// Version requirements of an ELF64 library (section .gnu.version_r). Marking one as weak makes the dynamic loader accept a
/// system library that lacks the version; symbols of that version then stay unresolved until called.
/// </summary>
/// <remarks>
/// libLibTorchSharp.so requires GLIBCXX_3.4.32 for one symbol only, std::ios_base_library_init, which newer compilers mention
/// in every file that includes iostream and nothing calls. Weakening that requirement lets it load with an older libstdc++.
/// </remarks>
internal static class ElfVersionRequirement
{
    private const uint VersionNeededSection = 0x6ffffffe;
    private const ushort WeakFlag = 2;

    /// <summary>Sets the weak flag of one required version.</summary>
    /// <param name="image">A whole ELF64 little-endian file; changed in place.</param>
    /// <param name="version">For example GLIBCXX_3.4.32.</param>
    /// <returns>Whether the requirement was found.</returns>
    public static bool TryWeaken(Span<byte> image, string version)
    {
        if (image.Length < 64 || !image[..6].SequenceEqual("\u007fELF\u0002\u0001"u8))
        {
            return false;
        }

        try
        {
            return Weaken(image, Encoding.ASCII.GetBytes(version));
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            // Offsets that leave the file: not a library that could be loaded either.
            return false;
        }
    }

    private static bool Weaken(Span<byte> image, byte[] version)
    {
        int sections = checked((int)U64(image, 0x28));
        int sectionSize = U16(image, 0x3A);
        int sectionCount = U16(image, 0x3C);
        for (int i = 0; i < sectionCount; i++)
        {
            Span<byte> section = image.Slice(sections + (i * sectionSize), sectionSize);
            if (U32(section, 4) == VersionNeededSection)
            {
                Span<byte> strings = image.Slice(sections + ((int)U32(section, 40) * sectionSize), sectionSize);
                return WeakenIn(image, (int)U64(section, 24), (int)U32(section, 44), image[(int)U64(strings, 24)..], version);
            }
        }

        return false;
    }

    private static bool WeakenIn(Span<byte> image, int need, int needCount, ReadOnlySpan<byte> strings, byte[] version)
    {
        for (int n = 0; n < Math.Min(needCount, 1000); n++)
        {
            int auxiliary = need + (int)U32(image, need + 8);
            for (int a = U16(image, need + 2); a > 0; a--)
            {
                ReadOnlySpan<byte> name = strings[(int)U32(image, auxiliary + 8)..];
                if (name.StartsWith(version) && name[version.Length] == 0)
                {
                    Span<byte> flags = image.Slice(auxiliary + 4, 2);
                    BinaryPrimitives.WriteUInt16LittleEndian(flags, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(flags) | WeakFlag));
                    return true;
                }

                auxiliary += (int)U32(image, auxiliary + 12);
            }

            need += (int)U32(image, need + 12);
        }

        return false;
    }

    private static ushort U16(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt16LittleEndian(image.Slice(at, 2));

    private static uint U32(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt32LittleEndian(image.Slice(at, 4));

    private static ulong U64(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt64LittleEndian(image.Slice(at, 8));
}
