using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MobileQuant.Programs;

namespace MobileQuant.Kernels;

/// <summary>
/// Dot products of a tile of 16 s4 rows in blocks with 1, 2 or 4 input rows:
/// <c>sums[row][16] += sum_b scale * (sum_k u * x' - (zero + 8) * sum_k x')</c> with nibbles u = w + 8 and x' = x - 128.
/// </summary>
/// <remarks>
/// vpmaddubsw(u, x') takes the nibbles as its unsigned side: a pair is at most 2 * 15 * 128 = 3840, eight of them (30720) fit
/// an s16 lane, so a run is 32 columns and the eight never has to be taken off. vpmaddwd by the block scale, twice in a lane,
/// then widens and scales at once. scale * (zero + 8) is at most 63 * 15 = 945, and a block's sum of x' fits s16.
/// </remarks>
internal static unsafe class Avx2DotS4Blocks
{
    /// <summary>Bytes that eight columns of a tile take when packed, and four columns when unpacked.</summary>
    private const int GroupBytes = 64;

    /// <summary>Groups of eight columns that one s16 sum may cover.</summary>
    private const int RunGroups = 4;

    /// <summary>s16 lanes of the unpacked scales of a block.</summary>
    private const int BlockLanes = 32;

    /// <summary>Sums of x' over the blocks of a row.</summary>
    /// <param name="codes">The row from the first column of a block on.</param>
    /// <param name="columns">Columns without padding.</param>
    /// <param name="blockSize">64 or 32.</param>
    /// <param name="sums">One s16 per block.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void BlockSums(byte* codes, int columns, int blockSize, short* sums)
    {
        for (; columns > 0; columns -= blockSize, sums++)
        {
            int count = Math.Min(columns, blockSize);
            Vector256<ulong> total = default;
            int k = 0;
            for (; k + 32 <= count; k += 32)
            {
                total += Avx2.SumAbsoluteDifferences(Vector256.Load(codes + k), default).AsUInt64();
            }

            int sum = (int)Vector256.Sum(total) - (128 * count);
            for (; k < count; k++)
            {
                sum += codes[k];
            }

            *sums = (short)sum;
            codes += count;
        }
    }

    /// <summary>Spreads some blocks for <see cref="FourRows"/> and <see cref="SubtractZeros"/>.</summary>
    /// <param name="weights">The first block.</param>
    /// <param name="columns">Columns with padding.</param>
    /// <param name="blockSize">64 or 32.</param>
    /// <param name="unpacked">Receives nibbles, one a byte, <c>[columns/4][16][4]</c>.</param>
    /// <param name="scales">Receives <c>[blocks][16][2]</c>: each scale twice.</param>
    /// <param name="products">Receives <c>[blocks/2][16][2]</c>: scale * (zero + 8) of two blocks side by side.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* weights, int columns, int blockSize, byte* unpacked, short* scales, short* products)
    {
        Vector256<short> first = default;
        bool odd = false;
        for (; columns > 0; columns -= blockSize, odd = !odd)
        {
            (Vector128<byte> s, Vector128<byte> z) = Header(weights);
            Twice(s).Store(scales);
            Twice(Sse2.ShiftRightLogical128BitLane(s, 8)).Store(scales + 16);
            scales += BlockLanes;
            Vector256<short> product = Avx2.MultiplyLow(Avx2.ConvertToVector256Int16(s), Avx2.ConvertToVector256Int16(z));

            // A block without partner is joined with zeros first.
            Vector256<short> second = odd ? product : default;
            first = odd ? first : product;
            Vector256<short> low = Avx2.UnpackLow(first, second);
            Vector256<short> high = Avx2.UnpackHigh(first, second);
            Avx2.Permute2x128(low, high, 0x20).Store(products);
            Avx2.Permute2x128(low, high, 0x31).Store(products + 16);
            products += odd ? BlockLanes : 0;

            weights += BlockHeader.Bytes;
            for (int groups = Math.Min(columns, blockSize) / 8; groups > 0; groups--)
            {
                (Vector256<byte> low0, Vector256<byte> high0) = Nibbles(weights);
                (Vector256<byte> low1, Vector256<byte> high1) = Nibbles(weights + 32);
                low0.Store(unpacked);
                low1.Store(unpacked + 32);
                high0.Store(unpacked + 64);
                high1.Store(unpacked + 96);
                weights += GroupBytes;
                unpacked += 2 * GroupBytes;
            }
        }
    }

    /// <summary>The part of the zero points for four rows: <c>sums[row][16] -= sum_b scale * (zero + 8) * sum x'</c>.</summary>
    /// <param name="products">From <see cref="Unpack"/>.</param>
    /// <param name="blockSums"><c>[4][stride]</c>, two blocks of a row at a time.</param>
    /// <param name="stride">Even.</param>
    /// <param name="blocks">Blocks; a last one without partner is read with one block sum more.</param>
    /// <param name="sums">To subtract from.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SubtractZeros(short* products, short* blockSums, int stride, int blocks, int* sums)
    {
        for (int row = 0; row < 4; row += 2, blockSums += 2 * stride, sums += 32)
        {
            Vector256<int> a0 = Vector256.Load(sums);
            Vector256<int> a1 = Vector256.Load(sums + 8);
            Vector256<int> b0 = Vector256.Load(sums + 16);
            Vector256<int> b1 = Vector256.Load(sums + 24);
            for (int b = 0; b < blocks; b += 2)
            {
                Vector256<short> p0 = Vector256.Load(products + (b * 16));
                Vector256<short> p1 = Vector256.Load(products + (b * 16) + 16);
                Vector256<short> x = Avx2.BroadcastScalarToVector256((int*)(blockSums + b)).AsInt16();
                Vector256<short> y = Avx2.BroadcastScalarToVector256((int*)(blockSums + stride + b)).AsInt16();
                a0 -= Avx2.MultiplyAddAdjacent(p0, x);
                a1 -= Avx2.MultiplyAddAdjacent(p1, x);
                b0 -= Avx2.MultiplyAddAdjacent(p0, y);
                b1 -= Avx2.MultiplyAddAdjacent(p1, y);
            }

            a0.Store(sums);
            a1.Store(sums + 8);
            b0.Store(sums + 16);
            b1.Store(sums + 24);
        }
    }

    /// <summary>One row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneRow(byte* weights, byte* inputs, short* blockSums, int columns, int blockSize, int* sums)
    {
        Vector256<int> a0 = Vector256.Load(sums);
        Vector256<int> a1 = Vector256.Load(sums + 8);
        for (int groups = columns / 8; groups > 0; blockSums++)
        {
            (Vector128<byte> s, Vector128<byte> z) = Header(weights);
            weights += BlockHeader.Bytes;
            Vector256<short> s0 = Twice(s);
            Vector256<short> s1 = Twice(Sse2.ShiftRightLogical128BitLane(s, 8));
            Vector256<short> x = Avx2.BroadcastScalarToVector256((int*)blockSums).AsInt16();
            a0 -= Avx2.MultiplyAddAdjacent(Once(z, s0), x);
            a1 -= Avx2.MultiplyAddAdjacent(Once(Sse2.ShiftRightLogical128BitLane(z, 8), s1), x);
            int block = Math.Min(groups, blockSize / 8);
            groups -= block;
            while (block > 0)
            {
                Vector256<short> r0 = default;
                Vector256<short> r1 = default;
                int run = Math.Min(block, RunGroups);
                block -= run;
                for (; run > 0; run--)
                {
                    (Vector256<byte> low0, Vector256<byte> high0) = Nibbles(weights);
                    (Vector256<byte> low1, Vector256<byte> high1) = Nibbles(weights + 32);
                    Multiply(low0, low1, inputs, ref r0, ref r1);
                    Multiply(high0, high1, inputs + 4, ref r0, ref r1);
                    weights += GroupBytes;
                    inputs += 8;
                }

                a0 += Avx2.MultiplyAddAdjacent(r0, s0);
                a1 += Avx2.MultiplyAddAdjacent(r1, s1);
            }
        }

        a0.Store(sums);
        a1.Store(sums + 8);
    }

    /// <summary>Two rows; <paramref name="stride"/> leads from the block sums of the first to those of the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoRows(byte* weights, byte* inputs, short* blockSums, int stride, int columns, int blockSize, int* sums)
    {
        Vector256<int> a0 = Vector256.Load(sums);
        Vector256<int> a1 = Vector256.Load(sums + 8);
        Vector256<int> b0 = Vector256.Load(sums + 16);
        Vector256<int> b1 = Vector256.Load(sums + 24);
        for (int groups = columns / 8; groups > 0; blockSums++)
        {
            (Vector128<byte> s, Vector128<byte> z) = Header(weights);
            weights += BlockHeader.Bytes;
            Vector256<short> s0 = Twice(s);
            Vector256<short> s1 = Twice(Sse2.ShiftRightLogical128BitLane(s, 8));
            Vector256<short> p0 = Once(z, s0);
            Vector256<short> p1 = Once(Sse2.ShiftRightLogical128BitLane(z, 8), s1);
            Vector256<short> x = Avx2.BroadcastScalarToVector256((int*)blockSums).AsInt16();
            Vector256<short> y = Avx2.BroadcastScalarToVector256((int*)(blockSums + stride)).AsInt16();
            a0 -= Avx2.MultiplyAddAdjacent(p0, x);
            a1 -= Avx2.MultiplyAddAdjacent(p1, x);
            b0 -= Avx2.MultiplyAddAdjacent(p0, y);
            b1 -= Avx2.MultiplyAddAdjacent(p1, y);
            int block = Math.Min(groups, blockSize / 8);
            groups -= block;
            while (block > 0)
            {
                Vector256<short> r0 = default;
                Vector256<short> r1 = default;
                Vector256<short> t0 = default;
                Vector256<short> t1 = default;
                int run = Math.Min(block, RunGroups);
                block -= run;
                for (; run > 0; run--)
                {
                    (Vector256<byte> low0, Vector256<byte> high0) = Nibbles(weights);
                    (Vector256<byte> low1, Vector256<byte> high1) = Nibbles(weights + 32);
                    Multiply(low0, low1, inputs, ref r0, ref r1);
                    Multiply(low0, low1, inputs + 4, ref t0, ref t1);
                    Multiply(high0, high1, inputs + 8, ref r0, ref r1);
                    Multiply(high0, high1, inputs + 12, ref t0, ref t1);
                    weights += GroupBytes;
                    inputs += 16;
                }

                a0 += Avx2.MultiplyAddAdjacent(r0, s0);
                a1 += Avx2.MultiplyAddAdjacent(r1, s1);
                b0 += Avx2.MultiplyAddAdjacent(t0, s0);
                b1 += Avx2.MultiplyAddAdjacent(t1, s1);
            }
        }

        a0.Store(sums);
        a1.Store(sums + 8);
        b0.Store(sums + 16);
        b1.Store(sums + 24);
    }

    /// <summary>
    /// Four rows over unpacked weights and scales, without the part of <see cref="SubtractZeros"/>. The s32 sums stay in memory:
    /// the s16 sums need the registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourRows(byte* unpacked, short* scales, byte* inputs, int columns, int blockSize, int* sums)
    {
        // Runs of a block share its scales.
        int runsPerBlock = blockSize / (8 * RunGroups);
        int groups = columns / 8;
        for (int i = 1; groups > 0; i++)
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
                Vector256<byte> w0 = Vector256.Load(unpacked);
                Vector256<byte> w1 = Vector256.Load(unpacked + 32);
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

            Vector256<short> s0 = Vector256.Load(scales);
            Vector256<short> s1 = Vector256.Load(scales + 16);
            Add(a0, s0, sums);
            Add(a1, s1, sums + 8);
            Add(b0, s0, sums + 16);
            Add(b1, s1, sums + 24);
            Add(c0, s0, sums + 32);
            Add(c1, s1, sums + 40);
            Add(d0, s0, sums + 48);
            Add(d1, s1, sums + 56);
            if (i % runsPerBlock == 0)
            {
                scales += BlockLanes;
            }
        }
    }

    /// <summary>Scales and zero points + 8 of the 16 rows of a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<byte> Scales, Vector128<byte> Zeros) Header(byte* header)
    {
        Vector128<byte> mask = Vector128.Create((byte)15);
        Vector128<byte> packed = Vector128.Load(header);
        Vector128<long> low = (packed & mask).AsInt64();
        Vector128<long> high = (Sse2.ShiftRightLogical(packed.AsUInt16(), 4).AsByte() & mask).AsInt64();
        Vector128<uint> upper = Avx2.ShiftRightLogicalVariable(Vector128.Create(*(uint*)(header + 16)), Vector128.Create(0u, 2, 4, 6));
        Vector128<byte> shifted = Sse2.ShiftLeftLogical(upper & Vector128.Create(0x03030303u), 4).AsByte();
        return (Sse2.UnpackLow(low, high).AsByte() | shifted, Sse2.UnpackHigh(low, high).AsByte());
    }

    /// <summary>The first eight bytes, each in both s16 halves of an s32 lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Twice(Vector128<byte> bytes)
    {
        Vector256<int> wide = Avx2.ConvertToVector256Int32(bytes);
        return (wide | Avx2.ShiftLeftLogical(wide, 16)).AsInt16();
    }

    /// <summary>The first eight bytes times the scales, in the lower s16 half of an s32 lane; 0 in the upper half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Once(Vector128<byte> bytes, Vector256<short> scales) =>
        Avx2.MultiplyLow(Avx2.ConvertToVector256Int32(bytes).AsInt16(), scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<byte> Low, Vector256<byte> High) Nibbles(byte* weights)
    {
        Vector256<byte> mask = Vector256.Create((byte)15);
        Vector256<byte> pairs = Vector256.Load(weights);
        return (pairs & mask, Avx2.ShiftRightLogical(pairs.AsUInt16(), 4).AsByte() & mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(
        Vector256<byte> w0, Vector256<byte> w1, byte* inputs, ref Vector256<short> low, ref Vector256<short> high)
    {
        Vector256<sbyte> x = Avx2.BroadcastScalarToVector256((uint*)inputs).AsSByte();
        low += Avx2.MultiplyAddAdjacent(w0, x);
        high += Avx2.MultiplyAddAdjacent(w1, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector256<short> run, Vector256<short> scales, int* sums) =>
        (Vector256.Load(sums) + Avx2.MultiplyAddAdjacent(run, scales)).Store(sums);
}
