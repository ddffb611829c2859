using MobileQuant.Arithmetic;
namespace MobileQuant.Kernels;
internal static unsafe class RowKernels
{
    public static RowQuantizer FindQuantizer(ReadOnlySpan<int> row) => RowQuantizer.FromRow(row);
    public static int Quantize(RowQuantizer q, ReadOnlySpan<int> row, Span<byte> codes) => q.Quantize(row, codes);
    public static RowScale QuantizeWide(ReadOnlySpan<int> row, int bits, Span<byte> high, Span<byte> low, out int sum) => WideRowQuantizer.Quantize(row, bits, high, low, out sum);
    public static void ScoreDots(short* q, byte* keys, int count, int headSize, int zeroPoint, int* scores) =>
        AttentionDots.Scores(new(q, headSize), new(keys, count * headSize), zeroPoint, new(scores, count));
    public static void WeightedSum(short* w, byte* values, int count, int headSize, int zeroPoint, int* acc) =>
        AttentionDots.WeightedSum(new(w, count), new(values, count * headSize), zeroPoint, new(acc, headSize));
}
