using System.Buffers;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>
/// A weight matrix as the simulation of the result will have it: transformed, clipped and rounded. Forward it is exactly what
/// <see cref="WeightQuantizer"/> makes of the transformed weight; backward it is <see cref="WeightRow"/> and the formulas
/// <code>
/// asymmetric: ds/dmax' = 1 / (hi - lo) = -ds/dmin';     symmetric: s follows the larger one of |min'|, max'
/// </code>
/// through <see cref="LearnedClip"/> to the logits and to the outermost weights. In blocks, the step is a multiple of what covers the
/// block, found by search; the multiple is taken for constant.
/// </summary>
internal sealed class LearnedWeight : IDisposable
{
    private const int Parts = 16;

    private readonly torch.Tensor _weight;
    private readonly WeightScheme _scheme;
    private readonly WeightGrid _grid;
    private readonly LearnedClip _clip;
    private readonly bool _isClipped;
    private readonly int _rows;
    private readonly int _columns;
    private readonly int _blockLength;
    private readonly int _blocks;
    private readonly ValueRange[] _ranges;
    private readonly float[] _steps;
    private readonly float[] _multiples;
    private readonly int[] _zeros;
    private readonly float[]?[] _columnGradients = new float[]?[Parts];
    private float[] _rowFactors;
    private float[] _columnFactors = [];

    /// <param name="weight">float32 [rows, columns], contiguous; not owned, not changed.</param>
    /// <param name="scheme">Its grid.</param>
    /// <param name="start">Its clip so far, or null.</param>
    /// <param name="learnsClip">Whether clipping is learned.</param>
    /// <param name="isTransformed">Whether factors of its rows or columns are learned.</param>
    public LearnedWeight(torch.Tensor weight, WeightScheme scheme, WeightClip? start, bool learnsClip, bool isTransformed)
    {
        _weight = weight;
        _scheme = scheme;
        _grid = WeightGrid.Of(scheme.Bits, scheme.Symmetry);
        _rows = checked((int)weight.shape[0]);
        _columns = checked((int)weight.shape[1]);
        _blockLength = scheme.BlockSize == 0 ? _columns : scheme.BlockSize;
        _blocks = (_columns + _blockLength - 1) / _blockLength;
        int scales = IsPerTensor ? 1 : _rows * _blocks;
        _ranges = new ValueRange[scales];
        _steps = new float[scales];
        _multiples = new float[scales];
        _zeros = new int[scales];
        _rowFactors = new float[_rows];
        Array.Fill(_rowFactors, 1);
        Array.Fill(_multiples, 1);
        _isClipped = learnsClip || start is not null;
        Observe();
        _clip = new(scales, start, _ranges, learnsClip);
        Rounded = new(torch.empty([_rows, _columns], torch.float32), learnsClip || isTransformed);
    }

    /// <summary>The rounded weight, a leaf that gathers the gradient.</summary>
    public LearnedLeaf Rounded { get; }

    public LearnedClip Clip => _clip;

    private bool IsPerTensor => _scheme.BlockSize == 0 && _scheme.Granularity == WeightGranularity.Tensor;

    private int PartLength => Segments.Length(_rows, Parts);

    /// <summary>Rounds the transformed weight for the next passes.</summary>
    /// <param name="rows">Factors of rows, or null.</param>
    /// <param name="columns">Factors of columns, or null.</param>
    public void Fill(float[]? rows, float[]? columns)
    {
        if (rows is not null)
        {
            _rowFactors = rows;
        }

        _columnFactors = columns ?? [];
        if (IsPerTensor)
        {
            Observe();
            Fit(0);
        }

        ForEachRow((row, weights, _) =>
        {
            Span<float> rounded = WeightRow.Floats(Rounded.Host).Slice(row * _columns, _columns);
            FitRow(row, weights, rounded);
            for (int block = 0; block < _blocks; block++)
            {
                (int first, int count, int scale) = Block(row, block);
                WeightRow.Round(_grid, weights.Slice(first, count), _steps[scale], _zeros[scale], rounded[first..]);
            }
        });
        Rounded.Publish();
    }

    /// <summary>Hands the gathered gradient to the clips and to the factors, and forgets it.</summary>
    /// <param name="rows">Added to: by the logarithms of the rows' factors.</param>
    /// <param name="columns">Added to: by the logarithms of the columns' factors.</param>
    public void AddGradient(double[] rows, double[] columns) => Rounded.TakeGradient(gathered => AddGradient(gathered, rows, columns));

    private void AddGradient(torch.Tensor gathered, double[] rows, double[] columns)
    {
        double[] byStep = new double[IsPerTensor ? _rows : _steps.Length];
        double[] byRow = new double[_rows];
        ForEachRow((row, weights, part) =>
        {
            Span<float> byColumn = _columnGradients[part] ??= new float[_columns];
            ReadOnlySpan<float> gradient = WeightRow.Floats(gathered).Slice(row * _columns, _columns);
            for (int block = 0; block < _blocks; block++)
            {
                (int first, int count, int scale) = Block(row, block);
                (double step, double sum) = WeightRow.Gradient(
                    _grid, weights.Slice(first, count), gradient.Slice(first, count), _steps[scale], _zeros[scale], byColumn[first..]);
                byRow[row] += sum;
                byStep[IsPerTensor ? row : scale] = step;
                if (!IsPerTensor)
                {
                    byRow[row] += AddBounds(scale, step, weights.Slice(first, count), byColumn[first..]);
                }
            }
        });
        if (IsPerTensor)
        {
            AddTensorBounds(byStep.Sum(), byRow);
        }

        for (int row = 0; row < _rows; row++)
        {
            rows[row] += byRow[row];
        }

        foreach (float[]? part in _columnGradients)
        {
            for (int column = 0; part is not null && column < _columns; column++)
            {
                columns[column] += part[column];
                part[column] = 0;
            }
        }
    }

    /// <summary>What grids cover of the weight, once transformations are folded into it; null where they cover all.</summary>
    public WeightClip? ToClip()
    {
        if (!_isClipped)
        {
            return null;
        }

        Array.Fill(_rowFactors = new float[_rows], 1);
        _columnFactors = [];
        Observe();
        ValueRange[] clipped = [.. _ranges.Select((range, index) => _clip.Apply(index, range))];
        return new([.. clipped.Select(range => range.Minimum)], [.. clipped.Select(range => range.Maximum)]);
    }

    /// <inheritdoc/>
    public void Dispose() => Rounded.Dispose();

    private (int First, int Count, int Scale) Block(int row, int block) =>
        (block * _blockLength, Math.Min(_blockLength, _columns - (block * _blockLength)), IsPerTensor ? 0 : (row * _blocks) + block);

    private void ForEachRow(RowAction action)
    {
        int length = PartLength;
        Segments.ForEach(Segments.Count(_rows, length), part =>
        {
            float[] buffer = ArrayPool<float>.Shared.Rent(_columns);
            Span<float> transformed = buffer.AsSpan(0, _columns);
            ReadOnlySpan<float> all = WeightRow.Floats(_weight);
            for (int row = part * length; row < Math.Min(_rows, (part + 1) * length); row++)
            {
                WeightRow.Transform(all.Slice(row * _columns, _columns), _rowFactors[row], _columnFactors, transformed);
                action(row, transformed, part);
            }

            ArrayPool<float>.Shared.Return(buffer);
        });
    }

    /// <summary>Finds the ranges of the transformed weight.</summary>
    private void Observe()
    {
        ValueRange[] rows = new ValueRange[IsPerTensor ? _rows : 0];
        ForEachRow((row, weights, _) =>
        {
            if (IsPerTensor)
            {
                rows[row] = WeightRow.RangeOf(weights);
                return;
            }

            ObserveRow(row, weights);
        });
        if (IsPerTensor)
        {
            _ranges[0] = rows.Aggregate((left, right) => left.Union(right));
        }
    }

    private void ObserveRow(int row, ReadOnlySpan<float> weights)
    {
        for (int block = 0; block < _blocks; block++)
        {
            (int first, int count, int scale) = Block(row, block);
            _ranges[scale] = WeightRow.RangeOf(weights.Slice(first, count));
        }
    }

    private void Fit(int scale) => (_steps[scale], _zeros[scale]) = _grid.Fit(_clip.Apply(scale, _ranges[scale]));

    /// <summary>Finds the steps and zero points of a row.</summary>
    private void FitRow(int row, ReadOnlySpan<float> weights, Span<float> scratch)
    {
        if (IsPerTensor)
        {
            return;
        }

        ObserveRow(row, weights);
        if (_scheme.BlockSize == 0)
        {
            Fit(row);
            return;
        }

        Span<byte> scales = stackalloc byte[_blocks];
        Span<sbyte> zeros = stackalloc sbyte[_blocks];
        Span<float> covering = stackalloc float[_blocks];
        for (int block = 0; block < _blocks; block++)
        {
            (int first, int count, int scale) = Block(row, block);
            ValueRange range = _clip.Apply(scale, _ranges[scale]);
            covering[block] = _grid.Step(range);
            for (int k = first; k < first + count; k++)
            {
                scratch[k] = _isClipped ? Math.Clamp(weights[k], range.Minimum, range.Maximum) : weights[k];
            }
        }

        float channel = BlockFit.Row(_grid, scratch, _blockLength, scales, zeros);
        for (int block = 0; block < _blocks; block++)
        {
            int scale = (row * _blocks) + block;
            _steps[scale] = scales[block] * channel;
            _zeros[scale] = zeros[block];
            _multiples[scale] = covering[block] > 0 ? _steps[scale] / covering[block] : 0;
        }
    }

    /// <summary>Takes a step's gradient down to the outermost weights; returns what they add to the row's.</summary>
    private double AddBounds(int scale, double byStep, ReadOnlySpan<float> weights, Span<float> byColumn)
    {
        (double byMinimum, double byMaximum) = ByWeights(scale, byStep);
        ValueRange range = _ranges[scale];
        return AddBound(range.Minimum, byMinimum, weights, byColumn) + AddBound(range.Maximum, byMaximum, weights, byColumn);
    }

    private static double AddBound(float bound, double gradient, ReadOnlySpan<float> weights, Span<float> byColumn)
    {
        int column = bound != 0 && gradient != 0 ? weights.IndexOf(bound) : -1;
        if (column < 0)
        {
            return 0;
        }

        byColumn[column] += (float)(gradient * bound);
        return gradient * bound;
    }

    private void AddTensorBounds(double byStep, double[] byRow)
    {
        (double byMinimum, double byMaximum) = ByWeights(0, byStep);
        ValueRange range = _ranges[0];
        int[] minima = new int[_rows];
        int[] maxima = new int[_rows];
        ForEachRow((row, weights, _) => (minima[row], maxima[row]) = (weights.IndexOf(range.Minimum), weights.IndexOf(range.Maximum)));
        Add(Array.FindIndex(minima, column => column >= 0), minima, byMinimum * range.Minimum);
        Add(Array.FindIndex(maxima, column => column >= 0), maxima, byMaximum * range.Maximum);

        void Add(int row, int[] found, double d)
        {
            if (row >= 0 && d != 0)
            {
                byRow[row] += d;
                _columnGradients[0]![found[row]] += (float)d;
            }
        }
    }

    private (double Minimum, double Maximum) ByWeights(int scale, double byStep)
    {
        ValueRange clipped = _clip.Apply(scale, _ranges[scale]);
        double d = byStep * _multiples[scale] / (_grid.IsSymmetric ? _grid.Highest : _grid.Highest - _grid.Lowest);
        bool upper = clipped.Maximum >= -clipped.Minimum;
        (double byMinimum, double byMaximum) = !_grid.IsSymmetric ? (-d, d) : upper ? (0, d) : (-d, 0);
        return _clip.AddGradient(scale, _ranges[scale], byMinimum, byMaximum);
    }

    private delegate void RowAction(int row, ReadOnlySpan<float> transformed, int part);
}
