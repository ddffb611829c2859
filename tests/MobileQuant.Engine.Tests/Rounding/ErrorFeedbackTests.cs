using MobileQuant.Quantization;
using MobileQuant.Rounding;
using MobileQuant.Tests.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Rounding;

[Collection(ProcessStateGroup.Name)]
public class ErrorFeedbackTests
{
    public static TheoryData<int, WeightSymmetry, int> Schemes => new()
    {
        { 4, WeightSymmetry.Asymmetric, 0 },
        { 4, WeightSymmetry.Symmetric, 0 },
        { 4, WeightSymmetry.Asymmetric, 32 },
        { 8, WeightSymmetry.Symmetric, 0 },
    };

    [Theory]
    [MemberData(nameof(Schemes))]
    public void Codes_equal_the_definition_computed_column_by_column(int bits, WeightSymmetry symmetry, int block)
    {
        WeightScheme scheme = new(bits, symmetry, WeightGranularity.Channel, block);
        double[,] x = Inputs(rows: 400, columns: 70, seed: 1);
        double[,] w = Weights(rows: 37, columns: 70, seed: 2);
        sbyte[] expected = Naive(w, x, scheme);
        sbyte[] actual = RoundWithFeedback(w, x, scheme).Codes;

        // Single precision decides a value that lies next to the middle between two codes the other way now and then.
        int different = expected.Zip(actual).Count(pair => pair.First != pair.Second);
        Assert.InRange(different, 0, expected.Length / 200);
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public void The_output_error_is_well_below_that_of_nearest_codes(int bits, WeightSymmetry symmetry, int block)
    {
        WeightScheme scheme = new(bits, symmetry, WeightGranularity.Channel, block);
        double[,] x = Inputs(rows: 600, columns: 96, seed: 3);
        double[,] w = Weights(rows: 48, columns: 96, seed: 4);
        using torch.Tensor weight = Tensor(w);
        double nearest = OutputError(w, WeightQuantizer.Quantize(weight, scheme), x);
        double feedback = OutputError(w, RoundWithFeedback(w, x, scheme), x);
        Assert.InRange(feedback, 0, nearest * 0.6);
    }

    [Fact]
    public void The_number_of_threads_does_not_change_the_codes()
    {
        WeightScheme scheme = new(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel, 32);
        double[,] x = Inputs(rows: 300, columns: 64, seed: 5);
        double[,] w = Weights(rows: 70, columns: 64, seed: 6);
        TorchRuntime.EnsureLoaded();
        int threads = torch.get_num_threads();
        try
        {
            torch.set_num_threads(1);
            QuantizedWeight one = RoundWithFeedback(w, x, scheme);
            torch.set_num_threads(2);
            Assert.Equal(one.Codes, RoundWithFeedback(w, x, scheme).Codes);
        }
        finally
        {
            torch.set_num_threads(threads);
        }
    }

    [Fact]
    public void Inputs_that_are_always_zero_leave_their_columns_at_the_nearest_codes()
    {
        WeightScheme scheme = new(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel);
        double[,] x = Inputs(rows: 200, columns: 40, seed: 7);
        for (int row = 0; row < 200; row++)
        {
            x[row, 5] = x[row, 17] = 0;
        }

        double[,] w = Weights(rows: 8, columns: 40, seed: 8);
        using torch.Tensor weight = Tensor(w);
        sbyte[] nearest = WeightQuantizer.Quantize(weight, scheme).Codes;
        sbyte[] feedback = RoundWithFeedback(w, x, scheme).Codes;
        for (int row = 0; row < 8; row++)
        {
            Assert.Equal(nearest[(row * 40) + 5], feedback[(row * 40) + 5]);
            Assert.Equal(nearest[(row * 40) + 17], feedback[(row * 40) + 17]);
        }
    }

    [Fact]
    public void Without_any_input_all_codes_are_the_nearest()
    {
        WeightScheme scheme = new(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel);
        double[,] w = Weights(rows: 8, columns: 40, seed: 9);
        using torch.Tensor weight = Tensor(w);
        Assert.Equal(WeightQuantizer.Quantize(weight, scheme).Codes, RoundWithFeedback(w, new double[10, 40], scheme).Codes);
    }

    [Fact]
    public void Linearly_dependent_inputs_are_no_obstacle()
    {
        WeightScheme scheme = new(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel);
        double[,] x = Inputs(rows: 3, columns: 40, seed: 10);
        double[,] w = Weights(rows: 8, columns: 40, seed: 11);
        using torch.Tensor weight = Tensor(w);
        Assert.InRange(OutputError(w, RoundWithFeedback(w, x, scheme), x), 0, OutputError(w, WeightQuantizer.Quantize(weight, scheme), x) * 0.5);
    }

    [Fact]
    public void Inputs_that_overflow_are_one_clear_error()
    {
        double[,] x = Inputs(rows: 3, columns: 8, seed: 12);
        x[1, 1] = double.PositiveInfinity;
        Assert.Equal("MQ3023", Assert.Throws<MobileQuantException>(() => RoundWithFeedback(Weights(2, 8, 1), x, new(4, WeightSymmetry.Asymmetric, WeightGranularity.Channel))).Code);
    }

    private static QuantizedWeight RoundWithFeedback(double[,] w, double[,] x, WeightScheme scheme)
    {
        TorchRuntime.EnsureLoaded();
        using InputMoments moments = new(w.GetLength(1));
        using torch.Tensor inputs = Tensor(x);
        using torch.Tensor weight = Tensor(w);

        // In two parts, as a calibration comes in batches.
        using torch.Tensor head = inputs.narrow(0, 0, x.GetLength(0) / 2);
        using torch.Tensor tail = inputs.narrow(0, x.GetLength(0) / 2, x.GetLength(0) - (x.GetLength(0) / 2));
        moments.Add(head);
        moments.Add(tail);
        return ErrorFeedback.Round(weight, scheme, moments.Factor());
    }

    /// <summary>
    /// The definition in double: with the inverse of H over the columns still to come, take column i, round it, change every other
    /// column j by -error * inverse_ij / inverse_ii, and remove column i from H.
    /// </summary>
    private static sbyte[] Naive(double[,] w, double[,] x, WeightScheme scheme)
    {
        (int rows, int columns) = (w.GetLength(0), w.GetLength(1));
        using torch.Tensor weight = Tensor(w);
        FittedGrid grid = WeightQuantizer.FitGrid(weight, scheme);
        double[,] h = new double[columns, columns];
        for (int i = 0; i < columns; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                for (int t = 0; t < x.GetLength(0); t++)
                {
                    h[i, j] += (float)x[t, i] * (double)(float)x[t, j];
                }
            }
        }

        int[] order = [.. Enumerable.Range(0, columns).OrderByDescending(i => h[i, i])];
        double damping = 0.01 * Enumerable.Range(0, columns).Average(i => h[i, i]);
        for (int i = 0; i < columns; i++)
        {
            h[i, i] += damping;
        }

        double[,] values = (double[,])w.Clone();
        for (int turn = 0; turn < columns; turn++)
        {
            int[] rest = order[turn..];
            double[,] inverse = Inverse(rest, h);
            for (int row = 0; row < rows; row++)
            {
                double error = values[row, rest[0]] - grid.Round(row, rest[0], (float)values[row, rest[0]]);
                for (int j = 1; j < rest.Length; j++)
                {
                    values[row, rest[j]] -= error * inverse[0, j] / inverse[0, 0];
                }
            }
        }

        return grid.ToWeight().Codes;
    }

    /// <summary>Gauss-Jordan on the part of h that some columns make up.</summary>
    private static double[,] Inverse(int[] columns, double[,] h)
    {
        int n = columns.Length;
        double[,] a = new double[n, 2 * n];
        for (int i = 0; i < n; i++)
        {
            a[i, n + i] = 1;
            for (int j = 0; j < n; j++)
            {
                a[i, j] = h[columns[i], columns[j]];
            }
        }

        for (int pivot = 0; pivot < n; pivot++)
        {
            double scale = a[pivot, pivot];
            for (int j = 0; j < 2 * n; j++)
            {
                a[pivot, j] /= scale;
            }

            for (int i = 0; i < n; i++)
            {
                double factor = a[i, pivot];
                for (int j = 0; i != pivot && j < 2 * n; j++)
                {
                    a[i, j] -= factor * a[pivot, j];
                }
            }
        }

        double[,] inverse = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                inverse[i, j] = a[i, n + j];
            }
        }

        return inverse;
    }

    private static double OutputError(double[,] w, QuantizedWeight rounded, double[,] x)
    {
        using torch.Tensor real = torch.empty(rounded.Rows, rounded.Columns, torch.float32);
        WeightQuantizer.Dequantize(rounded, real);
        float[] values = Golden.Values(real);
        double sum = 0;
        for (int t = 0; t < x.GetLength(0); t++)
        {
            for (int row = 0; row < rounded.Rows; row++)
            {
                double error = 0;
                for (int i = 0; i < rounded.Columns; i++)
                {
                    error += x[t, i] * (w[row, i] - values[(row * rounded.Columns) + i]);
                }

                sum += error * error;
            }
        }

        return sum;
    }

    /// <summary>Correlated columns of different loudness, as hidden states are.</summary>
    private static double[,] Inputs(int rows, int columns, int seed)
    {
        Random random = new(seed);
        double[,] mix = Weights(columns / 4, columns, seed + 1000);
        double[] loudness = [.. Enumerable.Range(0, columns).Select(_ => Math.Exp(2 * random.NextDouble()))];
        double[,] x = new double[rows, columns];
        for (int t = 0; t < rows; t++)
        {
            double[] source = [.. Enumerable.Range(0, columns / 4).Select(_ => Normal(random))];
            for (int i = 0; i < columns; i++)
            {
                x[t, i] = loudness[i] * ((0.3 * Normal(random)) + source.Select((s, k) => s * mix[k, i]).Sum());
            }
        }

        return x;
    }

    private static double[,] Weights(int rows, int columns, int seed)
    {
        Random random = new(seed);
        double[,] w = new double[rows, columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                w[i, j] = (float)Normal(random);
            }
        }

        return w;
    }

    private static torch.Tensor Tensor(double[,] values)
    {
        TorchRuntime.EnsureLoaded();
        return torch.tensor(values.Cast<double>().Select(value => (float)value).ToArray(), [values.GetLength(0), values.GetLength(1)]);
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
