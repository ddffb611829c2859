using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MobileQuant.Kernels;

/// <summary>
/// Dot products of a tile of 16 s8 rows with 1, 2 or 4 input rows: <c>sums[row][16] += sum_k w * (x - 128)</c>.
/// </summary>
/// <remarks>
/// vpmaddubsw(abs(x'), sign(w, x')) with x' = x - 128 never saturates: abs(x') is at most 128 and is read as unsigned,
/// sign() negates a w in [-127, 127], so a pair is at most 2 * 128 * 127 = 32512. vpmaddwd by ones then widens to s32.
/// </remarks>
internal static unsafe class Avx2DotS8
{
    /// <summary>Bytes of weights that four columns of a tile take.</summary>
    private const int GroupBytes = 64;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneRow(byte* weights, byte* inputs, int columns, int* sums)
    {
        Vector256<int> a0 = Vector256.Load(sums);
        Vector256<int> a1 = Vector256.Load(sums + 8);
        Vector256<int> b0 = default;
        Vector256<int> b1 = default;
        int groups = columns / 4;
        for (; groups >= 2; groups -= 2)
        {
            Step(weights, inputs, ref a0, ref a1);
            Step(weights + GroupBytes, inputs + 8, ref b0, ref b1);
            weights += 2 * GroupBytes;
            inputs += 16;
        }

        if (groups > 0)
        {
            Step(weights, inputs, ref a0, ref a1);
        }

        (a0 + b0).Store(sums);
        (a1 + b1).Store(sums + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoRows(byte* weights, byte* inputs, int columns, int* sums)
    {
        Vector256<int> a0 = Vector256.Load(sums);
        Vector256<int> a1 = Vector256.Load(sums + 8);
        Vector256<int> b0 = Vector256.Load(sums + 16);
        Vector256<int> b1 = Vector256.Load(sums + 24);
        for (int groups = columns / 4; groups > 0; groups--)
        {
            Vector256<sbyte> w0 = Vector256.Load((sbyte*)weights);
            Vector256<sbyte> w1 = Vector256.Load((sbyte*)weights + 32);
            Multiply(w0, w1, inputs, ref a0, ref a1);
            Multiply(w0, w1, inputs + 8, ref b0, ref b1);
            weights += GroupBytes;
            inputs += 16;
        }

        a0.Store(sums);
        a1.Store(sums + 8);
        b0.Store(sums + 16);
        b1.Store(sums + 24);
    }

    /// <summary>
    /// Spreads a block of weights to s16, <c>[columns/4][4][32 bytes]</c>: columns 0 and 2 of rows 0..7, of rows 8..15,
    /// then columns 1 and 3 likewise.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* weights, int columns, short* unpacked)
    {
        for (int groups = columns / 4; groups > 0; groups--)
        {
            Vector256<short> w0 = Vector256.Load((short*)weights);
            Vector256<short> w1 = Vector256.Load((short*)(weights + 32));
            Avx2.ShiftRightArithmetic(Avx2.ShiftLeftLogical(w0, 8), 8).Store(unpacked);
            Avx2.ShiftRightArithmetic(Avx2.ShiftLeftLogical(w1, 8), 8).Store(unpacked + 16);
            Avx2.ShiftRightArithmetic(w0, 8).Store(unpacked + 32);
            Avx2.ShiftRightArithmetic(w1, 8).Store(unpacked + 48);
            weights += GroupBytes;
            unpacked += GroupBytes;
        }
    }

    /// <summary>Four rows of s16 inputs over <see cref="Unpack"/>ed weights, by vpmaddwd: any s16 times s8 pair fits s32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourRows(short* unpacked, byte* inputs, int columns, int* sums)
    {
        Vector256<int> a0 = Vector256.Load(sums);
        Vector256<int> a1 = Vector256.Load(sums + 8);
        Vector256<int> b0 = Vector256.Load(sums + 16);
        Vector256<int> b1 = Vector256.Load(sums + 24);
        Vector256<int> c0 = Vector256.Load(sums + 32);
        Vector256<int> c1 = Vector256.Load(sums + 40);
        Vector256<int> d0 = Vector256.Load(sums + 48);
        Vector256<int> d1 = Vector256.Load(sums + 56);
        for (int groups = columns / 4; groups > 0; groups--)
        {
            for (int pair = 0; pair < 2; pair++)
            {
                Vector256<short> w0 = Vector256.Load(unpacked + (pair * 32));
                Vector256<short> w1 = Vector256.Load(unpacked + (pair * 32) + 16);
                MultiplyPair(w0, w1, inputs + (pair * 4), ref a0, ref a1);
                MultiplyPair(w0, w1, inputs + 8 + (pair * 4), ref b0, ref b1);
                MultiplyPair(w0, w1, inputs + 16 + (pair * 4), ref c0, ref c1);
                MultiplyPair(w0, w1, inputs + 24 + (pair * 4), ref d0, ref d1);
            }

            unpacked += GroupBytes;
            inputs += 32;
        }

        a0.Store(sums);
        a1.Store(sums + 8);
        b0.Store(sums + 16);
        b1.Store(sums + 24);
        c0.Store(sums + 32);
        c1.Store(sums + 40);
        d0.Store(sums + 48);
        d1.Store(sums + 56);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyPair(
        Vector256<short> w0, Vector256<short> w1, byte* inputs, ref Vector256<int> low, ref Vector256<int> high)
    {
        Vector256<short> x = Avx2.BroadcastScalarToVector256((uint*)inputs).AsInt16();
        low += Avx2.MultiplyAddAdjacent(x, w0);
        high += Avx2.MultiplyAddAdjacent(x, w1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(byte* weights, byte* inputs, ref Vector256<int> low, ref Vector256<int> high) =>
        Multiply(Vector256.Load((sbyte*)weights), Vector256.Load((sbyte*)weights + 32), inputs, ref low, ref high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(
        Vector256<sbyte> w0, Vector256<sbyte> w1, byte* inputs, ref Vector256<int> low, ref Vector256<int> high)
    {
        Vector256<short> ones = Vector256.Create((short)1);
        Vector256<byte> magnitude = Avx2.BroadcastScalarToVector256((uint*)inputs).AsByte();
        Vector256<sbyte> signed = Avx2.BroadcastScalarToVector256((uint*)inputs + 1).AsSByte();
        low += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitude, Avx2.Sign(w0, signed)), ones);
        high += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitude, Avx2.Sign(w1, signed)), ones);
    }
}
