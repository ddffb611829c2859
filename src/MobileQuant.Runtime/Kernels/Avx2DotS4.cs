using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MobileQuant.Kernels;

/// <summary>
/// Dot products of a tile of 16 s4 rows with 1, 2 or 4 input rows: <c>sums[row][16] += sum_k w * x</c>.
/// </summary>
/// <remarks>
/// A pair is at most 2 * 255 * 8 = 4080, so eight of them (32640) fit an s16 lane before vpmaddwd by ones widens them:
/// a run is 32 columns.
/// </remarks>
internal static unsafe class Avx2DotS4
{
    /// <summary>Bytes that eight columns of a tile take when packed, and four columns when unpacked.</summary>
    private const int GroupBytes = 64;

    /// <summary>Groups of eight columns that one s16 sum may cover.</summary>
    private const int RunGroups = 4;

    /// <summary>Spreads packed nibbles to one s8 code a byte, <c>[columns/4][16][4]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* weights, int columns, sbyte* unpacked)
    {
        for (int groups = columns / 8; groups > 0; groups--)
        {
            (Vector256<sbyte> low0, Vector256<sbyte> high0) = Nibbles(weights);
            (Vector256<sbyte> low1, Vector256<sbyte> high1) = Nibbles(weights + 32);
            low0.Store(unpacked);
            low1.Store(unpacked + 32);
            high0.Store(unpacked + 64);
            high1.Store(unpacked + 96);
            weights += GroupBytes;
            unpacked += 2 * GroupBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneRow(byte* weights, byte* inputs, int columns, int* sums)
    {
        Vector256<short> ones = Vector256.Create((short)1);
        Vector256<int> a0 = Vector256.Load(sums);
        Vector256<int> a1 = Vector256.Load(sums + 8);
        int groups = columns / 8;
        while (groups > 0)
        {
            Vector256<short> s0 = default;
            Vector256<short> s1 = default;
            int run = Math.Min(groups, RunGroups);
            groups -= run;
            for (; run > 0; run--)
            {
                (Vector256<sbyte> low0, Vector256<sbyte> high0) = Nibbles(weights);
                (Vector256<sbyte> low1, Vector256<sbyte> high1) = Nibbles(weights + 32);
                Multiply(low0, low1, inputs, ref s0, ref s1);
                Multiply(high0, high1, inputs + 4, ref s0, ref s1);
                weights += GroupBytes;
                inputs += 8;
            }

            a0 += Avx2.MultiplyAddAdjacent(s0, ones);
            a1 += Avx2.MultiplyAddAdjacent(s1, ones);
        }

        a0.Store(sums);
        a1.Store(sums + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoRows(byte* weights, byte* inputs, int columns, int* sums)
    {
        Vector256<short> ones = Vector256.Create((short)1);
        Vector256<int> a0 = Vector256.Load(sums);
        Vector256<int> a1 = Vector256.Load(sums + 8);
        Vector256<int> b0 = Vector256.Load(sums + 16);
        Vector256<int> b1 = Vector256.Load(sums + 24);
        int groups = columns / 8;
        while (groups > 0)
        {
            Vector256<short> s0 = default;
            Vector256<short> s1 = default;
            Vector256<short> t0 = default;
            Vector256<short> t1 = default;
            int run = Math.Min(groups, RunGroups);
            groups -= run;
            for (; run > 0; run--)
            {
                (Vector256<sbyte> low0, Vector256<sbyte> high0) = Nibbles(weights);
                (Vector256<sbyte> low1, Vector256<sbyte> high1) = Nibbles(weights + 32);
                Multiply(low0, low1, inputs, ref s0, ref s1);
                Multiply(low0, low1, inputs + 4, ref t0, ref t1);
                Multiply(high0, high1, inputs + 8, ref s0, ref s1);
                Multiply(high0, high1, inputs + 12, ref t0, ref t1);
                weights += GroupBytes;
                inputs += 16;
            }

            a0 += Avx2.MultiplyAddAdjacent(s0, ones);
            a1 += Avx2.MultiplyAddAdjacent(s1, ones);
            b0 += Avx2.MultiplyAddAdjacent(t0, ones);
            b1 += Avx2.MultiplyAddAdjacent(t1, ones);
        }

        a0.Store(sums);
        a1.Store(sums + 8);
        b0.Store(sums + 16);
        b1.Store(sums + 24);
    }

    /// <summary>Four rows over <see cref="Unpack"/>ed weights. The s32 sums stay in memory: the s16 sums need the registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourRows(sbyte* unpacked, byte* inputs, int columns, int* sums)
    {
        int groups = columns / 8;
        while (groups > 0)
        {
            Vector256<short> a0 = default;
            Vector256<short> a1 = default;
            Vector256<short> b0 = default;
            Vector256<short> b1 = default;
            Vector256<short> c0 = default;
            Vector256<short> c1 = default;
            Vector256<short> d0 = default;
            Vector256<short> d1 = default;
            int run = Math.Min(groups, RunGroups);
            groups -= run;
            for (; run > 0; run--)
            {
                Vector256<sbyte> w0 = Vector256.Load(unpacked);
                Vector256<sbyte> w1 = Vector256.Load(unpacked + 32);
                Multiply(w0, w1, inputs, ref a0, ref a1);
                Multiply(w0, w1, inputs + 4, ref b0, ref b1);
                Multiply(w0, w1, inputs + 8, ref c0, ref c1);
                Multiply(w0, w1, inputs + 12, ref d0, ref d1);
                w0 = Vector256.Load(unpacked + 64);
                w1 = Vector256.Load(unpacked + 96);
                Multiply(w0, w1, inputs + 16, ref a0, ref a1);
                Multiply(w0, w1, inputs + 20, ref b0, ref b1);
                Multiply(w0, w1, inputs + 24, ref c0, ref c1);
                Multiply(w0, w1, inputs + 28, ref d0, ref d1);
                unpacked += 2 * GroupBytes;
                inputs += 32;
            }

            Widen(a0, sums);
            Widen(a1, sums + 8);
            Widen(b0, sums + 16);
            Widen(b1, sums + 24);
            Widen(c0, sums + 32);
            Widen(c1, sums + 40);
            Widen(d0, sums + 48);
            Widen(d1, sums + 56);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<sbyte> Low, Vector256<sbyte> High) Nibbles(byte* weights)
    {
        Vector256<byte> mask = Vector256.Create((byte)15);
        Vector256<byte> eight = Vector256.Create((byte)8);
        Vector256<byte> pairs = Vector256.Load(weights);
        Vector256<byte> low = (pairs & mask) - eight;
        Vector256<byte> high = (Avx2.ShiftRightLogical(pairs.AsUInt16(), 4).AsByte() & mask) - eight;
        return (low.AsSByte(), high.AsSByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(
        Vector256<sbyte> w0, Vector256<sbyte> w1, byte* inputs, ref Vector256<short> low, ref Vector256<short> high)
    {
        Vector256<byte> x = Avx2.BroadcastScalarToVector256((uint*)inputs).AsByte();
        low += Avx2.MultiplyAddAdjacent(x, w0);
        high += Avx2.MultiplyAddAdjacent(x, w1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(Vector256<short> run, int* sums) =>
        (Vector256.Load(sums) + Avx2.MultiplyAddAdjacent(run, Vector256.Create((short)1))).Store(sums);
}
