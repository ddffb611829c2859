using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace MobileQuant.Torch;

/// <summary>What kind of CPU this is, as far as arithmetic may depend on it.</summary>
internal static partial class ProcessorType
{
    private const int BaseLeaf = 0;
    private const int VersionLeaf = 1;

    /// <summary>
    /// Vendor, family and model: what libraries choose their code by. Marketing names tell processors of one design apart, which compute
    /// the same.
    /// </summary>
    public static string Name { get; } = Find();

    /// <summary>Instruction sets that .NET uses here.</summary>
    public static IReadOnlyList<string> InstructionSets { get; } =
    [
        .. new (string Name, bool Supported)[]
        {
            ("sse4.1", Sse41.IsSupported), ("avx", Avx.IsSupported), ("avx2", Avx2.IsSupported), ("fma", Fma.IsSupported), ("bmi2", Bmi2.IsSupported),
            ("avx-vnni", AvxVnni.IsSupported), ("avx512f", Avx512F.IsSupported), ("avx512bw", Avx512BW.IsSupported), ("avx10v1", Avx10v1.IsSupported),
            ("advsimd", AdvSimd.IsSupported), ("dp", Dp.IsSupported), ("rdm", Rdm.IsSupported),
        }.Where(set => set.Supported).Select(set => set.Name),
    ];

    /// <summary>The name that the registers of leaves 0 and 1 spell.</summary>
    internal static string Describe((int Ebx, int Edx, int Ecx) vendor, int version)
    {
        Span<byte> text = stackalloc byte[12];
        MemoryMarshal.Write(text, vendor.Ebx);
        MemoryMarshal.Write(text[4..], vendor.Edx);
        MemoryMarshal.Write(text[8..], vendor.Ecx);
        int family = (version >> 8) & 0xF;
        int model = (version >> 4) & 0xF;

        // Extended fields count for the two families whose four bits ran out.
        model += family is 6 or 15 ? ((version >> 16) & 0xF) << 4 : 0;
        family += family == 15 ? (version >> 20) & 0xFF : 0;
        return string.Create(CultureInfo.InvariantCulture, $"{Encoding.ASCII.GetString(text).Trim('\0', ' ')} family {family} model {model}");
    }

    private static string Find()
    {
        if (X86Base.IsSupported)
        {
            (_, int ebx, int ecx, int edx) = X86Base.CpuId(BaseLeaf, 0);
            return Describe((ebx, edx, ecx), X86Base.CpuId(VersionLeaf, 0).Eax);
        }

        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        return OperatingSystem.IsMacOS() && AppleName() is { Length: > 0 } name ? $"{architecture} {name}" : architecture;
    }

    // The chip's generation, such as "Apple M2", which is all that tells them apart.
    private static string? AppleName()
    {
        Span<byte> value = stackalloc byte[128];
        nuint length = (nuint)value.Length;
        try
        {
            return SystemControl("machdep.cpu.brand_string", value, ref length, 0, 0) == 0 ? Encoding.UTF8.GetString(value[..(int)length]).Trim('\0', ' ') : null;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "sysctlbyname", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SystemControl(string name, Span<byte> value, ref nuint length, nint newValue, nuint newLength);
}
