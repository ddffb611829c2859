using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MobileQuant.Arithmetic;
using MobileQuant.Programs;

namespace MobileQuant.Kernels;

/// <summary><see cref="LinearLayer.Finish"/> for a tile: from dot products to outputs, eight channels at a time.</summary>
/// <remarks>
/// 64-bit products live in the even lanes and, shifted down, in the odd lanes. Everything up to the accumulator wraps
/// in s32 like the specification. An arithmetic 64-bit shift, which AVX2 lacks, is ((v + 2^63) &gt;&gt;&gt; s) - (2^63 &gt;&gt;&gt; s).
/// </remarks>
internal static unsafe class Avx2Epilogue
{
    private const int TileRows = LinearProgram.TileRows;

    /// <summary>Finishes a tile of every row.</summary>
    /// <param name="linear">The layer.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="sums">Dot products <c>[code rows][16]</c>; of x - 128, for S4 of x.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="output">Row 0, channel 0.</param>
    /// <param name="outputStride">Elements between output rows.</param>
    public static void Finish(LinearProgram linear, int tile, int* sums, in RowBatch rows, int* output, int outputStride)
    {
        int n = tile * TileRows;
        for (int half = 0; half < TileRows; half += 8)
        {
            int channels = Math.Min(8, linear.OutputSize - n - half);
            if (channels <= 0)
            {
                break;
            }

            FinishHalf(linear, n + half, channels, sums + half, rows, output + n + half, outputStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FinishHalf(
        LinearProgram linear, int n, int channels, int* sums, in RowBatch rows, int* output, int outputStride)
    {
        Vector256<int> rowSums = Vector256.Load(linear.RowSums.Pointer + n);
        Vector256<int> zeros = linear.ZeroPoints.IsEmpty
            ? Vector256<int>.Zero
            : Avx2.ConvertToVector256Int32(linear.ZeroPoints.Pointer + n);
        Vector256<int> multipliers = Vector256.Load(linear.Multipliers.Pointer + n);
        Vector256<int> shifts = Avx2.ConvertToVector256Int32(linear.Shifts.Pointer + n);
        Vector256<int> bias = linear.Bias.IsEmpty ? Vector256<int>.Zero : Vector256.Load(linear.Bias.Pointer + n);
        Vector256<long> minimum = Vector256.Create((long)linear.OutputMinimum);
        Vector256<long> maximum = Vector256.Create((long)linear.OutputMaximum);

        // sum w*x = sum w*(x - c) + c * sum w, and sum w = RowSum + K * zero point of the weights.
        int offset = linear.Format == WeightFormat.S4 ? 0 : rows.Wide ? 128 * 257 : 128;
        int* partial = stackalloc int[8];
        for (int row = 0; row < rows.Count; row++)
        {
            RowScale scale = rows.Scales[row];
            Vector256<int> dots = rows.Wide
                ? Avx2.ShiftLeftLogical(Vector256.Load(sums + (2 * row * TileRows)), 8) + Vector256.Load(sums + (((2 * row) + 1) * TileRows))
                : Vector256.Load(sums + (row * TileRows));
            Vector256<int> accumulators = dots
                + Avx2.MultiplyLow(rowSums, Vector256.Create(offset - scale.ZeroPoint))
                + Avx2.MultiplyLow(zeros, Vector256.Create(unchecked((offset * linear.InputSize) - rows.Sums[row])));
            Vector256<int> total = Avx2.Min(
                Avx2.Max(shifts + Vector256.Create(scale.Exponent), Vector256.Create(1)), Vector256.Create(62));
            Vector256<int> row31 = Vector256.Create(scale.Multiplier);

            Vector256<long> even = Scale(accumulators, multipliers, row31, total.AsUInt64() & Vector256.Create(0xFFFFFFFFUL), bias);
            Vector256<long> odd = Scale(Odd(accumulators), Odd(multipliers), row31, Odd(total).AsUInt64(), Odd(bias));
            even = Clamp(even, minimum, maximum);
            odd = Clamp(odd, minimum, maximum);
            Vector256<int> values = Avx2.Blend(even.AsInt32(), Avx2.ShiftLeftLogical(odd, 32).AsInt32(), 0b10101010);
            int* destination = output + ((long)row * outputStride);
            if (channels == 8)
            {
                values.Store(destination);
                continue;
            }

            values.Store(partial);
            new ReadOnlySpan<int>(partial, channels).CopyTo(new Span<int>(destination, channels));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Odd(Vector256<int> values) => Avx2.ShiftRightLogical(values.AsUInt64(), 32).AsInt32();

    /// <summary>Requantize.Scale of the even lanes by the folded multiplier, plus the bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<long> Scale(
        Vector256<int> accumulators, Vector256<int> multipliers, Vector256<int> rowMultiplier, Vector256<ulong> shifts, Vector256<int> bias)
    {
        Vector256<long> half = Vector256.Create(1L << 30);
        Vector256<ulong> sign = Vector256.Create(1UL << 63);
        Vector256<ulong> one = Vector256.Create(1UL);
        Vector256<int> folded = Avx2.ShiftRightLogical(Avx2.Multiply(multipliers, rowMultiplier) + half, 31).AsInt32();
        Vector256<ulong> rounding = Avx2.ShiftLeftLogicalVariable(one, shifts - one) + sign;
        Vector256<ulong> value = Avx2.Multiply(accumulators, folded).AsUInt64() + rounding;
        Vector256<ulong> scaled = Avx2.ShiftRightLogicalVariable(value, shifts) - Avx2.ShiftRightLogicalVariable(sign, shifts);
        return scaled.AsInt64() + Avx2.Multiply(bias, Vector256.Create(1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<long> Clamp(Vector256<long> values, Vector256<long> minimum, Vector256<long> maximum)
    {
        values = Avx2.BlendVariable(values, minimum, Avx2.CompareGreaterThan(minimum, values));
        return Avx2.BlendVariable(values, maximum, Avx2.CompareGreaterThan(values, maximum));
    }
}
