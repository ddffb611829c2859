using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using MobileQuant.Arithmetic;
using MobileQuant.Programs;

namespace MobileQuant.Kernels;

/// <summary><see cref="LinearLayer.Finish"/> for a tile of one row, four channels at a time.</summary>
/// <remarks>
/// urshr and srshl add half of the last place before they shift, without losing the carry: exactly Requantize's rounding.
/// </remarks>
internal static unsafe class AdvSimdEpilogue
{
    private const int TileRows = LinearProgram.TileRows;

    /// <summary>Finishes a tile of one row.</summary>
    /// <param name="linear">The layer.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="sums">Dot products of x - 128, 16 of them; 32 of a wide row, high bytes first.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="row">Which of them.</param>
    /// <param name="output">Row 0, channel 0.</param>
    /// <param name="outputStride">Elements between output rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(LinearProgram linear, int tile, int* sums, in RowBatch rows, int row, int* output, int outputStride)
    {
        int* values = stackalloc int[4];
        RowScale scale = rows.Scales[row];

        // sum w*x = sum w*(x - c) + c * sum w, and sum w = RowSum + K * zero point of the weights.
        int offset = rows.Wide ? 128 * 257 : 128;
        int rowFactor = offset - scale.ZeroPoint;
        int zeroFactor = unchecked((offset * linear.InputSize) - rows.Sums[row]);
        int* destination = output + ((long)row * outputStride);
        int end = Math.Min((tile + 1) * TileRows, linear.OutputSize);
        for (int n = tile * TileRows; n < end; n += 4, sums += 4)
        {
            Vector128<int> dots = Vector128.Load(sums);
            if (rows.Wide)
            {
                dots = (dots << 8) + Vector128.Load(sums + TileRows);
            }

            dots += Vector128.Load(linear.RowSums.Pointer + n) * rowFactor;
            if (!linear.ZeroPoints.IsEmpty)
            {
                dots += Vector128.WidenLower(Vector128.WidenLower(Load4((byte*)linear.ZeroPoints.Pointer + n).AsSByte())) * zeroFactor;
            }

            Vector128<int> bias = linear.Bias.IsEmpty ? default : Vector128.Load(linear.Bias.Pointer + n);
            Vector128<int> result = Scale(linear, n, dots, scale, bias);
            if (n + 4 <= end)
            {
                result.Store(destination + n);
                continue;
            }

            result.Store(values);
            new ReadOnlySpan<int>(values, end - n).CopyTo(new Span<int>(destination + n, end - n));
        }
    }

    private static Vector128<int> Scale(LinearProgram linear, int n, Vector128<int> accumulators, RowScale scale, Vector128<int> bias)
    {
        Vector128<uint> multipliers = Vector128.Load((uint*)linear.Multipliers.Pointer + n);
        Vector128<int> shifts = Vector128.WidenLower(Vector128.WidenLower(Load4(linear.Shifts.Pointer + n))).AsInt32();
        shifts = Vector128.Min(Vector128.Max(shifts + Vector128.Create(scale.Exponent), Vector128.Create(1)), Vector128.Create(62));
        Vector64<int> low = ScaleHalf(linear, accumulators.GetLower(), multipliers.GetLower(), shifts.GetLower(), bias.GetLower(), scale);
        Vector64<int> high = ScaleHalf(linear, accumulators.GetUpper(), multipliers.GetUpper(), shifts.GetUpper(), bias.GetUpper(), scale);
        return Vector128.Create(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector64<int> ScaleHalf(
        LinearProgram linear, Vector64<int> accumulators, Vector64<uint> multipliers, Vector64<int> shifts, Vector64<int> bias, RowScale scale)
    {
        Vector128<ulong> product = AdvSimd.MultiplyWideningLower(multipliers, Vector64.Create((uint)scale.Multiplier));
        Vector64<int> folded = AdvSimd.ExtractNarrowingLower(AdvSimd.ShiftRightLogicalRounded(product, 31)).AsInt32();
        Vector128<long> value = AdvSimd.MultiplyWideningLower(accumulators, folded);
        value = AdvSimd.ShiftArithmeticRounded(value, AdvSimd.SignExtendWideningLower(AdvSimd.Negate(shifts)));
        value = AdvSimd.AddWideningLower(value, bias);
        value = Vector128.Min(
            Vector128.Max(value, Vector128.Create((long)linear.OutputMinimum)), Vector128.Create((long)linear.OutputMaximum));
        return AdvSimd.ExtractNarrowingLower(value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Load4(byte* source) => Vector128.CreateScalar(*(uint*)source).AsByte();
}
