using System.Runtime.InteropServices;

namespace MobileQuant.Checkpoints;

/// <summary>Widens stored float formats to float32. Every value of both formats is exactly a float32.</summary>
internal static class FloatFormats
{
    /// <summary>IEEE half precision.</summary>
    public static void FromHalf(ReadOnlySpan<Half> source, Span<float> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            destination[i] = (float)source[i];
        }
    }

    /// <summary>bfloat16: the upper half of a float32.</summary>
    public static void FromBrain(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination);
        for (int i = 0; i < source.Length; i++)
        {
            bits[i] = (uint)source[i] << 16;
        }
    }
}
