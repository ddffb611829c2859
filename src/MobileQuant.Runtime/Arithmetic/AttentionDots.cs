namespace MobileQuant.Arithmetic;

/// <summary>The two products of attention over cached u8 codes, by definition.</summary>
internal static class AttentionDots
{
    /// <summary>scores[t] = sum_d q[d] * (keys[t, d] - zero).</summary>
    /// <param name="query">s16 codes in [-32767, 32767], headSize of them, headSize &lt;= 256.</param>
    /// <param name="keys">u8 codes, [count, headSize].</param>
    /// <param name="zeroPoint">In 0..255.</param>
    /// <param name="scores">count values.</param>
    /// <remarks>32767 * 255 * 256 = 2,139,029,760 &lt; 2^31.</remarks>
    public static void Scores(ReadOnlySpan<short> query, ReadOnlySpan<byte> keys, int zeroPoint, Span<int> scores)
    {
        for (int t = 0; t < scores.Length; t++)
        {
            ReadOnlySpan<byte> key = keys.Slice(t * query.Length, query.Length);
            int sum = 0;
            for (int d = 0; d < query.Length; d++)
            {
                sum += query[d] * (key[d] - zeroPoint);
            }

            scores[t] = sum;
        }
    }

    /// <summary>accumulators[d] += sum_t weights[t] * (values[t, d] - zero).</summary>
    /// <param name="weights">In 0..32767, at most 256 of them.</param>
    /// <param name="values">u8 codes, [count, headSize].</param>
    /// <param name="zeroPoint">In 0..255.</param>
    /// <param name="accumulators">headSize values.</param>
    /// <remarks>From zero, 256 * 32767 * 255 &lt; 2^31.</remarks>
    public static void WeightedSum(ReadOnlySpan<short> weights, ReadOnlySpan<byte> values, int zeroPoint, Span<int> accumulators)
    {
        for (int t = 0; t < weights.Length; t++)
        {
            ReadOnlySpan<byte> value = values.Slice(t * accumulators.Length, accumulators.Length);
            int weight = weights[t];
            for (int d = 0; d < accumulators.Length; d++)
            {
                accumulators[d] += weight * (value[d] - zeroPoint);
            }
        }
    }
}
