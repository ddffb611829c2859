using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MobileQuant.Programs;

namespace MobileQuant.Kernels;

/// <summary>
/// Interleaves the input codes of up to four rows in steps of four columns, so that a dot kernel walks them with one pointer:
/// S4 wants <c>[columns/4][rows][4]</c> codes (x, in blocks x - 128), S8 wants <c>[columns/4][rows][2][4]</c>, abs(x - 128) then x - 128.
/// </summary>
internal static unsafe class Avx2Inputs
{
    /// <summary>Packs rows [first, first + width) of a batch; rows from <paramref name="count"/> on repeat the last one.</summary>
    /// <param name="format">Whose form.</param>
    /// <param name="codes">The batch's first column to pack.</param>
    /// <param name="stride">Bytes between its rows.</param>
    /// <param name="first">First row.</param>
    /// <param name="width">Rows to interleave: 1, 2 or 4.</param>
    /// <param name="count">Rows that exist.</param>
    /// <param name="columns">A multiple of 4; no column past them is read.</param>
    /// <param name="packed">Receives width * columns bytes, twice that for S8.</param>
    public static void Pack(WeightFormat format, byte* codes, int stride, int first, int width, int count, int columns, byte* packed)
    {
        bool s8 = format == WeightFormat.S8;
        uint flip = format == WeightFormat.S4 ? 0 : 0x80808080;
        for (int i = 0; i < width; i++)
        {
            byte* row = codes + ((long)Math.Min(first + i, count - 1) * stride);
            if (s8 && width == 4)
            {
                PackWords(row, columns, packed + (i * 8), width * 8);
            }
            else if (s8)
            {
                PackSigned(row, columns, packed + (i * 8), width * 8);
            }
            else
            {
                PackPlain(row, columns, flip, packed + (i * 4), width * 4);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackSigned(byte* codes, int columns, byte* packed, int step)
    {
        int k = 0;
        for (; k + 16 <= columns; k += 16, packed += 4 * step)
        {
            (Vector128<long> low, Vector128<long> high) = Signed(Vector128.Load(codes + k));
            *(long*)packed = low.ToScalar();
            *(long*)(packed + step) = low.GetElement(1);
            *(long*)(packed + (2 * step)) = high.ToScalar();
            *(long*)(packed + (3 * step)) = high.GetElement(1);
        }

        for (; k < columns; k += 4, packed += step)
        {
            *(long*)packed = Signed(Vector128.CreateScalar(*(uint*)(codes + k)).AsByte()).Low.ToScalar();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<long> Low, Vector128<long> High) Signed(Vector128<byte> codes)
    {
        Vector128<sbyte> signed = Sse2.Xor(codes, Vector128.Create((byte)0x80)).AsSByte();
        Vector128<int> magnitude = Ssse3.Abs(signed).AsInt32();
        return (Sse2.UnpackLow(magnitude, signed.AsInt32()).AsInt64(), Sse2.UnpackHigh(magnitude, signed.AsInt32()).AsInt64());
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackWords(byte* codes, int columns, byte* packed, int step)
    {
        int k = 0;
        for (; k + 16 <= columns; k += 16, packed += 4 * step)
        {
            Vector128<byte> x = Vector128.Load(codes + k);
            Vector128<long> low = Words(x);
            Vector128<long> high = Words(Sse2.ShiftRightLogical128BitLane(x, 8));
            *(long*)packed = low.ToScalar();
            *(long*)(packed + step) = low.GetElement(1);
            *(long*)(packed + (2 * step)) = high.ToScalar();
            *(long*)(packed + (3 * step)) = high.GetElement(1);
        }

        for (; k < columns; k += 4, packed += step)
        {
            *(long*)packed = Words(Vector128.CreateScalar(*(uint*)(codes + k)).AsByte()).ToScalar();
        }
    }

    /// <summary>Two groups of four u8 codes as s16 less 128, in the order 0, 2, 1, 3 of the unpacked weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<long> Words(Vector128<byte> codes)
    {
        Vector128<byte> order = Vector128.Create(0, 255, 2, 255, 1, 255, 3, 255, 4, 255, 6, 255, 5, 255, 7, 255);
        return (Ssse3.Shuffle(codes, order).AsInt16() - Vector128.Create((short)128)).AsInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackPlain(byte* codes, int columns, uint flip, byte* packed, int step)
    {
        for (int k = 0; k < columns; k += 4, packed += step)
        {
            *(uint*)packed = *(uint*)(codes + k) ^ flip;
        }
    }
}
