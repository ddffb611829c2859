using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MobileQuant.Programs;

namespace MobileQuant.Kernels;

/// <summary>Joins the dot products of a block of columns into the sums of a tile: <c>sums += scale * (dots - (zero + 8) * sum x')</c>.</summary>
/// <remarks>All s32: nibbles and x' = x - 128 of 64 columns give at most 64 * 15 * 128 = 122880, the zero point's part as much.</remarks>
internal static unsafe class AdvSimdBlocks
{
    private const int TileRows = LinearProgram.TileRows;

    /// <summary>Adds a block.</summary>
    /// <param name="header">Its <see cref="BlockHeader"/>.</param>
    /// <param name="codes">The rows' codes from its first column on.</param>
    /// <param name="stride">Bytes between rows.</param>
    /// <param name="count">Rows.</param>
    /// <param name="columns">Columns without padding.</param>
    /// <param name="dots"><c>[count][16]</c>, of nibbles and x'.</param>
    /// <param name="sums"><c>[count][16]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(byte* header, byte* codes, int stride, int count, int columns, int* dots, int* sums)
    {
        Vector128<byte> mask = Vector128.Create((byte)15);
        Vector128<byte> packed = Vector128.Load(header);
        Vector128<ulong> low = (packed & mask).AsUInt64();
        Vector128<ulong> high = AdvSimd.ShiftRightLogical(packed, 4).AsUInt64();
        Vector128<int> amounts = Vector128.Create(0, -2, -4, -6);
        Vector128<byte> upper = AdvSimd.ShiftLogical(Vector128.Create(*(uint*)(header + 16)), amounts).AsByte() & Vector128.Create((byte)3);
        Vector128<byte> scales = AdvSimd.Arm64.ZipLow(low, high).AsByte() | AdvSimd.ShiftLeftLogical(upper, 4);
        Vector128<byte> zeros = AdvSimd.Arm64.ZipHigh(low, high).AsByte();
        for (int row = 0; row < count; row++, codes += stride, dots += TileRows, sums += TileRows)
        {
            Vector128<int> sum = Vector128.Create(Sum(codes, columns) - (128 * columns));
            Add(Vector128.WidenLower(scales), Vector128.WidenLower(zeros), sum, dots, sums);
            Add(Vector128.WidenUpper(scales), Vector128.WidenUpper(zeros), sum, dots + 8, sums + 8);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector128<ushort> scales, Vector128<ushort> zeros, Vector128<int> sum, int* dots, int* sums)
    {
        Add(Vector128.WidenLower(scales).AsInt32(), Vector128.WidenLower(zeros).AsInt32(), sum, dots, sums);
        Add(Vector128.WidenUpper(scales).AsInt32(), Vector128.WidenUpper(zeros).AsInt32(), sum, dots + 4, sums + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector128<int> scales, Vector128<int> zeros, Vector128<int> sum, int* dots, int* sums)
    {
        Vector128<int> block = AdvSimd.MultiplySubtract(Vector128.Load(dots), zeros, sum);
        AdvSimd.MultiplyAdd(Vector128.Load(sums), scales, block).Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Sum(byte* codes, int columns)
    {
        int sum = 0;
        int k = 0;
        for (; k + 16 <= columns; k += 16)
        {
            sum += AdvSimd.Arm64.AddAcrossWidening(Vector128.Load(codes + k)).ToScalar();
        }

        for (; k < columns; k++)
        {
            sum += codes[k];
        }

        return sum;
    }
}
