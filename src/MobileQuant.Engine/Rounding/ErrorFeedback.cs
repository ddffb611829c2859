using System.Numerics;
using System.Runtime.InteropServices;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Rounding;

/// <summary>
/// Rounds a weight matrix column by column on a grid that is fixed before, and takes the error of each column out of those still
/// to come, as far as the inputs let them make up for it (GPTQ, arXiv 2210.17323, in its Cholesky form with ordered columns).
/// </summary>
internal static class ErrorFeedback
{
    /// <summary>Rows that go through the columns together: they share each row of the factor while it is in the cache.</summary>
    private const int RowsPerGroup = 16;

    /// <summary>Rounds a matrix. Rows do not depend on each other, so the codes do not depend on the number of threads.</summary>
    /// <param name="weight">float32 [rows, columns], contiguous.</param>
    /// <param name="scheme">The grid.</param>
    /// <param name="factor">From the inputs of this matrix.</param>
    /// <param name="clip">What the grid covers; null: the weights' own ranges.</param>
    /// <param name="cancellationToken">Stops between groups of rows.</param>
    public static QuantizedWeight Round(torch.Tensor weight, WeightScheme scheme, FeedbackFactor factor, WeightClip? clip = null, CancellationToken cancellationToken = default)
    {
        FittedGrid grid = WeightQuantizer.FitGrid(weight, scheme, clip);
        ParallelOptions options = new() { MaxDegreeOfParallelism = torch.get_num_threads(), CancellationToken = cancellationToken };
        Parallel.For(0, (grid.Rows + RowsPerGroup - 1) / RowsPerGroup, options, group =>
        {
            int first = group * RowsPerGroup;
            int count = Math.Min(RowsPerGroup, grid.Rows - first);
            float[] values = new float[count * grid.Columns];
            using (torch.Tensor rows = weight.narrow(0, first, count))
            {
                Gather(MemoryMarshal.Cast<byte, float>(rows.bytes), factor.Order, values);
            }

            RoundRows(grid, first, values, factor);
        });
        return grid.ToWeight();
    }

    private static void Gather(ReadOnlySpan<float> source, int[] order, Span<float> values)
    {
        for (int start = 0; start < values.Length; start += order.Length)
        {
            for (int i = 0; i < order.Length; i++)
            {
                values[start + i] = source[start + order[i]];
            }
        }
    }

    private static void RoundRows(FittedGrid grid, int first, Span<float> values, FeedbackFactor factor)
    {
        int columns = factor.Order.Length;
        int count = values.Length / columns;
        for (int turn = 0; turn < columns; turn++)
        {
            ReadOnlySpan<float> spread = factor.Spread.AsSpan(turn * columns, columns)[(turn + 1)..];
            for (int row = 0; row < count; row++)
            {
                Span<float> rest = values.Slice(row * columns, columns)[turn..];
                float error = rest[0] - grid.Round(first + row, factor.Order[turn], rest[0]);
                SubtractScaled(rest[1..], spread, error);
            }
        }
    }

    private static void SubtractScaled(Span<float> values, ReadOnlySpan<float> direction, float factor)
    {
        Span<Vector<float>> wide = MemoryMarshal.Cast<float, Vector<float>>(values);
        ReadOnlySpan<Vector<float>> along = MemoryMarshal.Cast<float, Vector<float>>(direction);
        for (int i = 0; i < wide.Length; i++)
        {
            wide[i] -= along[i] * factor;
        }

        for (int i = wide.Length * Vector<float>.Count; i < values.Length; i++)
        {
            values[i] -= direction[i] * factor;
        }
    }
}
