using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MobileQuant.Arithmetic;

namespace MobileQuant.Kernels;

/// <summary>The AVX2 forms of <see cref="RowKernels"/>. Rests shorter than a vector follow the specification's own lines.</summary>
internal static unsafe class Avx2RowKernels
{
    /// <summary>Minimum and maximum of a row and 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (int Minimum, int Maximum) Range(ReadOnlySpan<int> row)
    {
        Vector256<int> low = default;
        Vector256<int> high = default;
        int i = 0;
        for (; i + 8 <= row.Length; i += 8)
        {
            Vector256<int> y = Load(row, i);
            low = Avx2.Min(low, y);
            high = Avx2.Max(high, y);
        }

        int minimum = 0;
        int maximum = 0;
        for (; i < row.Length; i++)
        {
            minimum = Math.Min(minimum, row[i]);
            maximum = Math.Max(maximum, row[i]);
        }

        for (int lane = 0; lane < 8; lane++)
        {
            minimum = Math.Min(minimum, low[lane]);
            maximum = Math.Max(maximum, high[lane]);
        }

        return (minimum, maximum);
    }

    /// <summary>Quantizes a row to u8 codes of the same length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Quantize(RowQuantizer quantizer, ReadOnlySpan<int> row, Span<byte> codes)
    {
        Scaler scaler = new(quantizer.Factor, -quantizer.Scale.ZeroPoint, 255 - quantizer.Scale.ZeroPoint);
        Vector256<int> zero = Vector256.Create(quantizer.Scale.ZeroPoint);
        Vector256<int> sums = default;
        int i = 0;
        for (; i + 16 <= row.Length; i += 16)
        {
            Vector256<int> a = scaler.Scale(Load(row, i)) + zero;
            Vector256<int> b = scaler.Scale(Load(row, i + 8)) + zero;
            sums += a + b;

            // The packs work within 128-bit halves: words 0..3 8..11 | 4..7 12..15, put in order by the permutation.
            Vector256<short> words = Avx2.Permute4x64(Avx2.PackSignedSaturate(a, b).AsInt64(), 0b11_01_10_00).AsInt16();
            Vector128<byte> bytes = Sse2.PackUnsignedSaturate(words.GetLower(), words.GetUpper());
            bytes.StoreUnsafe(ref MemoryMarshal.GetReference(codes), (nuint)i);
        }

        int sum = Vector256.Sum(sums);
        for (; i < row.Length; i++)
        {
            long code = Requantize.Scale(row[i], quantizer.Factor) + quantizer.Scale.ZeroPoint;
            byte clamped = (byte)Math.Clamp(code, 0, 255);
            codes[i] = clamped;
            sum += clamped;
        }

        return sum;
    }

    /// <summary>Quantizes a row to wide codes, high and low bytes of the same length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int QuantizeWide(ReadOnlySpan<int> row, FixedPointFactor factor, int bits, Span<byte> high, Span<byte> low)
    {
        int limit = (1 << (bits - 1)) - 1;
        Scaler scaler = new(factor, -limit, limit);
        Vector256<int> zero = Vector256.Create(WideRowQuantizer.ZeroPoint);
        Vector256<byte> split = Vector256.Create(
            (byte)0, 4, 8, 12, 1, 5, 9, 13, 255, 255, 255, 255, 255, 255, 255, 255,
            0, 4, 8, 12, 1, 5, 9, 13, 255, 255, 255, 255, 255, 255, 255, 255);
        Vector256<int> sums = default;
        int i = 0;
        for (; i + 8 <= row.Length; i += 8)
        {
            Vector256<int> codes = scaler.Scale(Load(row, i)) + zero;
            sums += codes;

            // Each half: four low bytes, then four high bytes.
            Vector256<uint> parts = Avx2.Shuffle(codes.AsByte(), split).AsUInt32();
            Unsafe.WriteUnaligned(ref low[i], parts[0] | ((ulong)parts[4] << 32));
            Unsafe.WriteUnaligned(ref high[i], parts[1] | ((ulong)parts[5] << 32));
        }

        int sum = Vector256.Sum(sums);
        for (; i < row.Length; i++)
        {
            int code = Requantize.Clamp(Requantize.Scale(row[i], factor), -limit, limit) + WideRowQuantizer.ZeroPoint;
            high[i] = (byte)(code >> 8);
            low[i] = (byte)code;
            sum += code;
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Load(ReadOnlySpan<int> row, int i) =>
        Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(row), (nuint)i);

    /// <summary>Requantize.Scale by one factor, clamped, of eight values.</summary>
    private readonly struct Scaler
    {
        private readonly Vector256<int> _multiplier;
        private readonly Vector256<ulong> _rounding;
        private readonly Vector256<ulong> _bias;
        private readonly Vector128<ulong> _shift;
        private readonly Vector256<long> _minimum;
        private readonly Vector256<long> _maximum;

        public Scaler(FixedPointFactor factor, int minimum, int maximum)
        {
            // An arithmetic shift through a logical one: ((v + 2^63) >>> s) - (2^63 >>> s).
            _multiplier = Vector256.Create(factor.Multiplier);
            _rounding = Vector256.Create((1UL << 63) + (1UL << (factor.Shift - 1)));
            _bias = Vector256.Create((1UL << 63) >> factor.Shift);
            _shift = Vector128.CreateScalar((ulong)factor.Shift);
            _minimum = Vector256.Create((long)minimum);
            _maximum = Vector256.Create((long)maximum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<int> Scale(Vector256<int> values)
        {
            Vector256<long> even = ScaleEven(values);
            Vector256<long> odd = ScaleEven(Avx2.ShiftRightLogical(values.AsUInt64(), 32).AsInt32());
            return Avx2.Blend(even.AsInt32(), Avx2.ShiftLeftLogical(odd, 32).AsInt32(), 0b10101010);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private Vector256<long> ScaleEven(Vector256<int> values)
        {
            Vector256<ulong> product = Avx2.Multiply(values, _multiplier).AsUInt64() + _rounding;
            Vector256<long> scaled = (Avx2.ShiftRightLogical(product, _shift) - _bias).AsInt64();
            scaled = Avx2.BlendVariable(scaled, _minimum, Avx2.CompareGreaterThan(_minimum, scaled));
            return Avx2.BlendVariable(scaled, _maximum, Avx2.CompareGreaterThan(scaled, _maximum));
        }
    }
}
