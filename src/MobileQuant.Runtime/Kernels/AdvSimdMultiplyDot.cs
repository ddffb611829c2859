using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace MobileQuant.Kernels;

/// <summary>By smull, smlal and sadalp, for processors without sdot.</summary>
/// <remarks>
/// An s16 lane holds two products, of columns k and k + 4: at most 2 * 128 * 127 = 32512. sadalp then adds lanes in pairs
/// to s32, so a channel has two s32 lanes, which addp joins at the end.
/// </remarks>
internal readonly unsafe struct AdvSimdMultiplyDot : IAdvSimdDot
{
    private const int TileRows = 16;

    public static bool IsSupported => AdvSimd.Arm64.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneRow<TWeights>(byte* weights, byte* codes, int columns, int* sums)
        where TWeights : struct, IAdvSimdWeights
    {
        Quarter a0 = default;
        Quarter a1 = default;
        Quarter a2 = default;
        Quarter a3 = default;
        for (; columns >= 8; columns -= 8)
        {
            Vector64<sbyte> x0 = Input(codes);
            Vector64<sbyte> x1 = Input(codes + 4);
            a0.Add(TWeights.Load(weights, 0), x0, x1);
            a1.Add(TWeights.Load(weights, 1), x0, x1);
            a2.Add(TWeights.Load(weights, 2), x0, x1);
            a3.Add(TWeights.Load(weights, 3), x0, x1);
            weights += TWeights.StepBytes;
            codes += 8;
        }

        if (columns > 0)
        {
            AddLast(weights, codes, ref a0, ref a1, ref a2, ref a3);
        }

        Store(a0, a1, a2, a3, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoRows<TWeights>(byte* weights, byte* codes, int stride, int columns, int* sums)
        where TWeights : struct, IAdvSimdWeights
    {
        byte* second = codes + stride;
        Quarter a0 = default;
        Quarter a1 = default;
        Quarter a2 = default;
        Quarter a3 = default;
        Quarter b0 = default;
        Quarter b1 = default;
        Quarter b2 = default;
        Quarter b3 = default;
        for (; columns >= 8; columns -= 8)
        {
            Vector64<sbyte> x0 = Input(codes);
            Vector64<sbyte> x1 = Input(codes + 4);
            Vector64<sbyte> y0 = Input(second);
            Vector64<sbyte> y1 = Input(second + 4);
            (Vector128<sbyte> First, Vector128<sbyte> Second) w = TWeights.Load(weights, 0);
            a0.Add(w, x0, x1);
            b0.Add(w, y0, y1);
            w = TWeights.Load(weights, 1);
            a1.Add(w, x0, x1);
            b1.Add(w, y0, y1);
            w = TWeights.Load(weights, 2);
            a2.Add(w, x0, x1);
            b2.Add(w, y0, y1);
            w = TWeights.Load(weights, 3);
            a3.Add(w, x0, x1);
            b3.Add(w, y0, y1);
            weights += TWeights.StepBytes;
            codes += 8;
            second += 8;
        }

        if (columns > 0)
        {
            AddLast(weights, codes, ref a0, ref a1, ref a2, ref a3);
            AddLast(weights, second, ref b0, ref b1, ref b2, ref b3);
        }

        Store(a0, a1, a2, a3, sums);
        Store(b0, b1, b2, b3, sums + TileRows);
    }

    public static void FourRows<TWeights>(byte* weights, byte* codes, int stride, int columns, int* sums)
        where TWeights : struct, IAdvSimdWeights
    {
        // Two rows already take sixteen of the registers; the second pass finds the weights in L1.
        TwoRows<TWeights>(weights, codes, stride, columns, sums);
        TwoRows<TWeights>(weights, codes + (2 * stride), stride, columns, sums + (2 * TileRows));
    }

    /// <summary>Four codes less 128, repeated for two channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector64<sbyte> Input(byte* codes) => Vector64.Create(*(uint*)codes ^ 0x80808080).AsSByte();

    /// <summary>Four columns are left, of s8 weights only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddLast(byte* weights, byte* codes, ref Quarter s0, ref Quarter s1, ref Quarter s2, ref Quarter s3)
    {
        Vector64<sbyte> x = Input(codes);
        s0.Add((Vector128.Load((sbyte*)weights), default), x, default);
        s1.Add((Vector128.Load((sbyte*)weights + 16), default), x, default);
        s2.Add((Vector128.Load((sbyte*)weights + 32), default), x, default);
        s3.Add((Vector128.Load((sbyte*)weights + 48), default), x, default);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Quarter s0, Quarter s1, Quarter s2, Quarter s3, int* sums)
    {
        s0.Sum.Store(sums);
        s1.Sum.Store(sums + 4);
        s2.Sum.Store(sums + 8);
        s3.Sum.Store(sums + 12);
    }

    /// <summary>The sums of four channels: two lanes each.</summary>
    private struct Quarter
    {
        private Vector128<int> _low;
        private Vector128<int> _high;

        public readonly Vector128<int> Sum => AdvSimd.Arm64.AddPairwise(_low, _high);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add((Vector128<sbyte> First, Vector128<sbyte> Second) weights, Vector64<sbyte> x0, Vector64<sbyte> x1)
        {
            Vector128<short> low = AdvSimd.MultiplyWideningLower(weights.First.GetLower(), x0);
            Vector128<short> high = AdvSimd.MultiplyWideningLower(weights.First.GetUpper(), x0);
            low = AdvSimd.MultiplyWideningLowerAndAdd(low, weights.Second.GetLower(), x1);
            high = AdvSimd.MultiplyWideningLowerAndAdd(high, weights.Second.GetUpper(), x1);
            _low = AdvSimd.AddPairwiseWideningAndAdd(_low, low);
            _high = AdvSimd.AddPairwiseWideningAndAdd(_high, high);
        }
    }
}
