using System.Runtime.InteropServices;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>Types without blocks.</summary>
internal static class PlainValues
{
    public static void DecodeF32(ReadOnlySpan<byte> blocks, Span<float> destination) => MemoryMarshal.Cast<byte, float>(blocks).CopyTo(destination);

    public static void DecodeF16(ReadOnlySpan<byte> blocks, Span<float> destination) => FloatFormats.FromHalf(MemoryMarshal.Cast<byte, Half>(blocks), destination);

    public static void DecodeBF16(ReadOnlySpan<byte> blocks, Span<float> destination) => FloatFormats.FromBrain(MemoryMarshal.Cast<byte, ushort>(blocks), destination);
}
