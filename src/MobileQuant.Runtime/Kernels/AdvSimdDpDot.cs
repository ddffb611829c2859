using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace MobileQuant.Kernels;

/// <summary>By sdot, which sums four s8 products in s32: exact for any codes.</summary>
internal readonly unsafe struct AdvSimdDpDot : IAdvSimdDot
{
    private const int TileRows = 16;

    public static bool IsSupported => Dp.IsSupported && AdvSimd.Arm64.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneRow<TWeights>(byte* weights, byte* codes, int columns, int* sums)
        where TWeights : struct, IAdvSimdWeights
    {
        Vector128<int> a0 = default;
        Vector128<int> a1 = default;
        Vector128<int> a2 = default;
        Vector128<int> a3 = default;
        for (; columns >= 8; columns -= 8)
        {
            Vector128<sbyte> x0 = Input(codes);
            Vector128<sbyte> x1 = Input(codes + 4);
            a0 = Step(a0, TWeights.Load(weights, 0), x0, x1);
            a1 = Step(a1, TWeights.Load(weights, 1), x0, x1);
            a2 = Step(a2, TWeights.Load(weights, 2), x0, x1);
            a3 = Step(a3, TWeights.Load(weights, 3), x0, x1);
            weights += TWeights.StepBytes;
            codes += 8;
        }

        if (columns > 0)
        {
            // Four columns are left, of s8 weights only.
            Vector128<sbyte> x = Input(codes);
            a0 = Last(a0, weights, x);
            a1 = Last(a1, weights + 16, x);
            a2 = Last(a2, weights + 32, x);
            a3 = Last(a3, weights + 48, x);
        }

        Store(a0, a1, a2, a3, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoRows<TWeights>(byte* weights, byte* codes, int stride, int columns, int* sums)
        where TWeights : struct, IAdvSimdWeights
    {
        byte* second = codes + stride;
        Vector128<int> a0 = default;
        Vector128<int> a1 = default;
        Vector128<int> a2 = default;
        Vector128<int> a3 = default;
        Vector128<int> b0 = default;
        Vector128<int> b1 = default;
        Vector128<int> b2 = default;
        Vector128<int> b3 = default;
        for (; columns >= 8; columns -= 8)
        {
            (Vector128<sbyte> First, Vector128<sbyte> Second) w0 = TWeights.Load(weights, 0);
            (Vector128<sbyte> First, Vector128<sbyte> Second) w1 = TWeights.Load(weights, 1);
            (Vector128<sbyte> First, Vector128<sbyte> Second) w2 = TWeights.Load(weights, 2);
            (Vector128<sbyte> First, Vector128<sbyte> Second) w3 = TWeights.Load(weights, 3);
            Row(codes, w0, w1, w2, w3, ref a0, ref a1, ref a2, ref a3);
            Row(second, w0, w1, w2, w3, ref b0, ref b1, ref b2, ref b3);
            weights += TWeights.StepBytes;
            codes += 8;
            second += 8;
        }

        if (columns > 0)
        {
            LastRow(weights, codes, ref a0, ref a1, ref a2, ref a3);
            LastRow(weights, second, ref b0, ref b1, ref b2, ref b3);
        }

        Store(a0, a1, a2, a3, sums);
        Store(b0, b1, b2, b3, sums + TileRows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourRows<TWeights>(byte* weights, byte* codes, int stride, int columns, int* sums)
        where TWeights : struct, IAdvSimdWeights
    {
        byte* second = codes + stride;
        byte* third = second + stride;
        byte* fourth = third + stride;
        Vector128<int> a0 = default;
        Vector128<int> a1 = default;
        Vector128<int> a2 = default;
        Vector128<int> a3 = default;
        Vector128<int> b0 = default;
        Vector128<int> b1 = default;
        Vector128<int> b2 = default;
        Vector128<int> b3 = default;
        Vector128<int> c0 = default;
        Vector128<int> c1 = default;
        Vector128<int> c2 = default;
        Vector128<int> c3 = default;
        Vector128<int> d0 = default;
        Vector128<int> d1 = default;
        Vector128<int> d2 = default;
        Vector128<int> d3 = default;
        int k = 0;
        for (; k + 8 <= columns; k += 8)
        {
            (Vector128<sbyte> First, Vector128<sbyte> Second) w0 = TWeights.Load(weights, 0);
            (Vector128<sbyte> First, Vector128<sbyte> Second) w1 = TWeights.Load(weights, 1);
            (Vector128<sbyte> First, Vector128<sbyte> Second) w2 = TWeights.Load(weights, 2);
            (Vector128<sbyte> First, Vector128<sbyte> Second) w3 = TWeights.Load(weights, 3);
            Row(codes + k, w0, w1, w2, w3, ref a0, ref a1, ref a2, ref a3);
            Row(second + k, w0, w1, w2, w3, ref b0, ref b1, ref b2, ref b3);
            Row(third + k, w0, w1, w2, w3, ref c0, ref c1, ref c2, ref c3);
            Row(fourth + k, w0, w1, w2, w3, ref d0, ref d1, ref d2, ref d3);
            weights += TWeights.StepBytes;
        }

        if (k < columns)
        {
            LastRow(weights, codes + k, ref a0, ref a1, ref a2, ref a3);
            LastRow(weights, second + k, ref b0, ref b1, ref b2, ref b3);
            LastRow(weights, third + k, ref c0, ref c1, ref c2, ref c3);
            LastRow(weights, fourth + k, ref d0, ref d1, ref d2, ref d3);
        }

        Store(a0, a1, a2, a3, sums);
        Store(b0, b1, b2, b3, sums + TileRows);
        Store(c0, c1, c2, c3, sums + (2 * TileRows));
        Store(d0, d1, d2, d3, sums + (3 * TileRows));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row(
        byte* codes,
        (Vector128<sbyte> First, Vector128<sbyte> Second) w0,
        (Vector128<sbyte> First, Vector128<sbyte> Second) w1,
        (Vector128<sbyte> First, Vector128<sbyte> Second) w2,
        (Vector128<sbyte> First, Vector128<sbyte> Second) w3,
        ref Vector128<int> s0,
        ref Vector128<int> s1,
        ref Vector128<int> s2,
        ref Vector128<int> s3)
    {
        Vector128<sbyte> x0 = Input(codes);
        Vector128<sbyte> x1 = Input(codes + 4);
        s0 = Step(s0, w0, x0, x1);
        s1 = Step(s1, w1, x0, x1);
        s2 = Step(s2, w2, x0, x1);
        s3 = Step(s3, w3, x0, x1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LastRow(
        byte* weights, byte* codes, ref Vector128<int> s0, ref Vector128<int> s1, ref Vector128<int> s2, ref Vector128<int> s3)
    {
        Vector128<sbyte> x = Input(codes);
        s0 = Last(s0, weights, x);
        s1 = Last(s1, weights + 16, x);
        s2 = Last(s2, weights + 32, x);
        s3 = Last(s3, weights + 48, x);
    }

    /// <summary>Four codes less 128, repeated for four channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Input(byte* codes) =>
        Vector128.Create(*(uint*)codes ^ 0x80808080).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Step(
        Vector128<int> sum, (Vector128<sbyte> First, Vector128<sbyte> Second) weights, Vector128<sbyte> x0, Vector128<sbyte> x1) =>
        Dp.DotProduct(Dp.DotProduct(sum, weights.First, x0), weights.Second, x1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Last(Vector128<int> sum, byte* weights, Vector128<sbyte> x) =>
        Dp.DotProduct(sum, Vector128.Load((sbyte*)weights), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<int> s0, Vector128<int> s1, Vector128<int> s2, Vector128<int> s3, int* sums)
    {
        s0.Store(sums);
        s1.Store(sums + 4);
        s2.Store(sums + 8);
        s3.Store(sums + 12);
    }
}
