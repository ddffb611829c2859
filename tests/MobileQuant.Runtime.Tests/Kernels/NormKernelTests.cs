using MobileQuant.Arithmetic;
using MobileQuant.Kernels;
using MobileQuant.Programs;

namespace MobileQuant.Tests.Kernels;

/// <summary>Norms for speed against their specification, in guarded memory.</summary>
public class NormKernelTests
{
    public static TheoryData<NormForm> Forms { get; } = [NormForm.RootMeanSquare, NormForm.Layer];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_length_is_normalized_as_specified(NormForm form)
    {
        int[] bounds = [1, 30, 40_000, 50_000_000, int.MaxValue];
        for (int length = 1; length <= 257; length++)
        {
            Random random = new(length);
            int bound = bounds[length % bounds.Length];
            int offset = length % 7 == 0 ? int.MaxValue - bound : 0;
            int[] row = [.. Enumerable.Range(0, length).Select(_ => random.Next(-bound, bound) + offset)];
            Check(form, row, epsilon: length % 4 == 0 ? 0 : random.Next(1, 1 << random.Next(1, 31)), random, atEnd: length % 3 != 0);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Extreme_rows_are_normalized_as_specified(NormForm form)
    {
        Random random = new(1);
        int[] alternating = [.. Enumerable.Range(0, 100).Select(i => i % 2 == 0 ? int.MaxValue : int.MinValue)];
        int[] widest = [.. Enumerable.Repeat(int.MaxValue, InverseRoot.MaximumSize)];
        int[] outlier = [.. Enumerable.Range(0, 100).Select(i => i == 77 ? int.MinValue : i)];
        int[] one = [.. Enumerable.Range(0, 100).Select(i => i == 33 ? 1 : 0)];
        foreach (int[] row in (int[][])[alternating, widest, [.. widest.Skip(1), int.MinValue], outlier, one, new int[41], [.. Enumerable.Repeat(-5, 13)], [int.MinValue], [0], [0, 1]])
        {
            foreach (int epsilon in (int[])[0, 1, 1000, int.MaxValue])
            {
                Check(form, row, epsilon, random, atEnd: true);
            }
        }
    }

    private static void Check(NormForm form, int[] row, int epsilon, Random random, bool atEnd)
    {
        int length = row.Length;
        using GuardedBuffer<int> input = new(row, atEnd);
        using GuardedBuffer<int> gains = new([.. row.Select(_ => random.Next(4) == 0 ? 1 << 30 : random.Next(-(1 << 30), 1 << 30))], atEnd);
        using GuardedBuffer<int> biases = new([.. row.Select(_ => random.Next(-LayerNorm.BiasLimit, LayerNorm.BiasLimit + 1))], atEnd);
        using GuardedBuffer<int> actual = new(length, atEnd);
        NormProgram norm = new() { Form = form, Gains = gains.Native, Biases = form == NormForm.Layer ? biases.Native : default, Epsilon = epsilon };
        int[] expected = new int[length];
        Normalization.Apply(row, norm, expected);
        RowKernels.Normalize(input.Span, norm, actual.Span);
        Assert.Equal(expected, actual.Span.ToArray());
    }
}
