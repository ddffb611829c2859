using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MobileQuant.Arithmetic;
using MobileQuant.Programs;

namespace MobileQuant.Kernels;

/// <summary>
/// The AVX2 forms of <see cref="RootMeanSquareNorm"/> and <see cref="LayerNorm"/>: four 64-bit lanes through the specification's own
/// steps, on d = size * x - sum, where RMSNorm has size 1 and sum 0. Sums of integers do not depend on their order, so all is exact.
/// </summary>
internal static class Avx2NormKernels
{
    /// <summary><see cref="RootMeanSquareNorm.Apply"/>.</summary>
    public static void RootMeanSquare(ReadOnlySpan<int> row, NormProgram norm, Span<int> output)
    {
        (int minimum, int maximum) = Avx2RowKernels.Range(row);
        long largest = Math.Max(norm.Epsilon, Math.Max(-(long)minimum, maximum));
        if (largest == 0)
        {
            output[..row.Length].Clear();
            return;
        }

        int shift = IntegerMath.BitLength((ulong)largest) - InverseRoot.SquareBits;
        long epsilon = InverseRoot.ShiftRounded(norm.Epsilon, shift);
        long squares = (row.Length * epsilon * epsilon) + SumOfSquares(row, new(1, 0), shift);
        Scale(row, new(1, 0), 0, InverseRoot.Of(squares, row.Length, shift), norm, output);
    }

    /// <summary><see cref="LayerNorm.Apply"/>.</summary>
    public static void Layer(ReadOnlySpan<int> row, NormProgram norm, Span<int> output)
    {
        (int minimum, int maximum, long sum) = Survey(row);
        Centering centering = new(row.Length, sum);

        // d grows with x: its largest magnitude is at one of the ends.
        long largest = Math.Max(centering.Of(maximum), -centering.Of(minimum));
        if (largest == 0)
        {
            norm.Biases.Span.CopyTo(output);
            return;
        }

        long wholeEpsilon = (long)norm.Epsilon * row.Length;
        int shift = IntegerMath.BitLength((ulong)Math.Max(largest, wholeEpsilon)) - InverseRoot.SquareBits;
        long epsilon = InverseRoot.ShiftRounded(wholeEpsilon, shift);
        long squares = (row.Length * epsilon * epsilon) + SumOfSquares(row, centering, shift);
        int rowShift = Math.Max(0, IntegerMath.BitLength((ulong)largest) - LayerNorm.RowBits);
        Scale(row, centering, rowShift, InverseRoot.Of(squares, row.Length, shift - rowShift), norm, output);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (int Minimum, int Maximum, long Sum) Survey(ReadOnlySpan<int> row)
    {
        // An element of the row itself starts the extremes: 0 need not lie between them.
        Vector256<int> low = Vector256.Create(row[0]);
        Vector256<int> high = low;
        Vector256<long> sums = default;
        int i = 0;
        for (; i + 8 <= row.Length; i += 8)
        {
            Vector256<int> x = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(row), (nuint)i);
            low = Avx2.Min(low, x);
            high = Avx2.Max(high, x);
            sums += Avx2.ConvertToVector256Int64(x.GetLower()) + Avx2.ConvertToVector256Int64(x.GetUpper());
        }

        int minimum = row[0];
        int maximum = row[0];
        long sum = Vector256.Sum(sums);
        for (; i < row.Length; i++)
        {
            minimum = Math.Min(minimum, row[i]);
            maximum = Math.Max(maximum, row[i]);
            sum += row[i];
        }

        for (int lane = 0; lane < 8; lane++)
        {
            minimum = Math.Min(minimum, low[lane]);
            maximum = Math.Max(maximum, high[lane]);
        }

        return (minimum, maximum, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long SumOfSquares(ReadOnlySpan<int> row, Centering centering, int shift)
    {
        RoundedShift rounded = new(shift);
        Vector256<long> sums = default;
        int i = 0;
        for (; i + 4 <= row.Length; i += 4)
        {
            // At most 2^23 in magnitude: the low half of a lane is the value.
            Vector256<int> d = rounded.Of(centering.Of(Load(row, i))).AsInt32();
            sums += Avx2.Multiply(d, d);
        }

        long sum = Vector256.Sum(sums);
        for (; i < row.Length; i++)
        {
            long d = InverseRoot.ShiftRounded(centering.Of(row[i]), shift);
            sum += d * d;
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(ReadOnlySpan<int> row, Centering centering, int rowShift, FixedPointFactor factor, NormProgram norm, Span<int> output)
    {
        ReadOnlySpan<int> gains = norm.Gains.Span[..row.Length];
        ReadOnlySpan<int> biases = norm.Biases.Span;
        RoundedShift toRow = new(rowShift);
        RoundedShift toNormalized = new(factor.Shift);
        RoundedShift toOutput = new(NormProgram.GainBits);
        Vector256<int> multiplier = Vector256.Create(factor.Multiplier);
        Vector256<int> lowHalves = Vector256.Create(0, 2, 4, 6, 0, 2, 4, 6);
        int i = 0;
        for (; i + 4 <= row.Length; i += 4)
        {
            Vector256<int> d = toRow.Of(centering.Of(Load(row, i))).AsInt32();
            Vector256<int> normalized = toNormalized.Of(Avx2.Multiply(d, multiplier)).AsInt32();
            Vector256<int> y = toOutput.Of(Avx2.Multiply(normalized, Load(gains, i).AsInt32())).AsInt32();
            Vector128<int> result = Avx2.PermuteVar8x32(y, lowHalves).GetLower();
            if (biases.Length > 0)
            {
                result += Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(biases), (nuint)i);
            }

            result.StoreUnsafe(ref MemoryMarshal.GetReference(output), (nuint)i);
        }

        for (; i < row.Length; i++)
        {
            int d = (int)InverseRoot.ShiftRounded(centering.Of(row[i]), rowShift);
            int normalized = (int)Requantize.Scale(d, factor);
            output[i] = (int)Requantize.Scale(normalized, gains[i], NormProgram.GainBits) + (biases.Length > 0 ? biases[i] : 0);
        }
    }

    /// <summary>Four elements in 64-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<long> Load(ReadOnlySpan<int> values, int i) =>
        Avx2.ConvertToVector256Int64(Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(values), (nuint)i));

    /// <summary>d = size * x - sum.</summary>
    private readonly struct Centering(int size, long sum)
    {
        private readonly Vector256<int> _size = Vector256.Create(size);
        private readonly Vector256<long> _sum = Vector256.Create(sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<long> Of(Vector256<long> x) => Avx2.Multiply(x.AsInt32(), _size) - _sum;

        public long Of(int x) => ((long)x * size) - sum;
    }

    /// <summary><see cref="InverseRoot.ShiftRounded"/>, for magnitudes below 2^62.</summary>
    private readonly struct RoundedShift
    {
        private readonly Vector256<ulong> _rounding;
        private readonly Vector256<ulong> _bias;
        private readonly Vector128<ulong> _right;
        private readonly Vector128<ulong> _left;

        public RoundedShift(int shift)
        {
            // An arithmetic shift through a logical one: ((v + 2^63) >>> s) - (2^63 >>> s).
            int right = Math.Max(shift, 0);
            _rounding = Vector256.Create((1UL << 63) + (right > 0 ? 1UL << (right - 1) : 0));
            _bias = Vector256.Create((1UL << 63) >> right);
            _right = Vector128.CreateScalar((ulong)right);
            _left = Vector128.CreateScalar((ulong)Math.Max(-shift, 0));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<long> Of(Vector256<long> value) =>
            Avx2.ShiftLeftLogical(Avx2.ShiftRightLogical(value.AsUInt64() + _rounding, _right) - _bias, _left).AsInt64();
    }
}
