namespace MobileQuant.Quantization;

/// <summary>
/// The grid of one weight matrix, fixed from its values as they were (<see cref="WeightQuantizer.FitGrid"/>), and the codes that
/// values are rounded to on it. Rounding that feeds errors back changes a weight before its turn comes: the grid stays.
/// </summary>
public sealed class FittedGrid
{
    private readonly WeightGrid _grid;
    private readonly float[] _scales;
    private readonly sbyte[]? _zeros;
    private readonly byte[]? _blockScales;
    private readonly sbyte[]? _blockZeros;
    private readonly sbyte[] _codes;

    internal FittedGrid(
        WeightScheme scheme, int rows, int columns, float[] scales, sbyte[]? zeros, byte[]? blockScales, sbyte[]? blockZeros)
    {
        Scheme = scheme;
        Rows = rows;
        Columns = columns;
        _grid = WeightGrid.Of(scheme.Bits, scheme.Symmetry);
        _scales = scales;
        _zeros = zeros;
        _blockScales = blockScales;
        _blockZeros = blockZeros;
        BlockLength = scheme.BlockSize == 0 ? columns : scheme.BlockSize;
        Blocks = (columns + BlockLength - 1) / BlockLength;
        _codes = new sbyte[(long)rows * columns];
    }

    /// <summary>What was asked for.</summary>
    public WeightScheme Scheme { get; }

    /// <summary>Output channels.</summary>
    public int Rows { get; }

    /// <summary>Input channels.</summary>
    public int Columns { get; }

    /// <summary>Consecutive weights of a row that share step and zero point; the last block of a row may be shorter.</summary>
    public int BlockLength { get; }

    /// <summary>Blocks of a row, 1 or more.</summary>
    public int Blocks { get; }

    /// <summary>Smallest code.</summary>
    public int LowestCode => _grid.Lowest;

    /// <summary>Largest code.</summary>
    public int HighestCode => _grid.Highest;

    /// <summary>Real value of one code, positive.</summary>
    /// <param name="row">Output channel.</param>
    /// <param name="block">Column / <see cref="BlockLength"/>.</param>
    /// <returns>The step.</returns>
    public float Step(int row, int block) => _blockScales is null ? _scales[row] : _blockScales[(row * Blocks) + block] * _scales[row];

    /// <summary>The code of real 0.</summary>
    /// <param name="row">Output channel.</param>
    /// <param name="block">Column / <see cref="BlockLength"/>.</param>
    /// <returns>The zero point.</returns>
    public int ZeroPoint(int row, int block) => _blockScales is null ? _zeros?[row] ?? 0 : _blockZeros?[(row * Blocks) + block] ?? 0;

    /// <summary>Rounds a value to its nearest code, and keeps the code.</summary>
    /// <param name="row">Output channel.</param>
    /// <param name="column">Input channel.</param>
    /// <param name="value">The value, as errors fed back have made it.</param>
    /// <returns>The real value of the code.</returns>
    public float Round(int row, int column, float value)
    {
        int block = column / BlockLength;
        float step = Step(row, block);
        int zero = ZeroPoint(row, block);
        sbyte code = _grid.Round(value, step, zero);
        _codes[(row * Columns) + column] = code;
        return (code - zero) * step;
    }

    /// <summary>Rounds a column, and keeps its codes.</summary>
    /// <param name="column">Input channel; columns may come in any order.</param>
    /// <param name="values">[rows].</param>
    /// <param name="reals">[rows], receives the real values of the codes; may be <paramref name="values"/> itself.</param>
    public void RoundColumn(int column, ReadOnlySpan<float> values, Span<float> reals)
    {
        for (int row = 0; row < Rows; row++)
        {
            reals[row] = Round(row, column, values[row]);
        }
    }

    /// <summary>Rounds a row, and keeps its codes.</summary>
    /// <param name="row">Output channel.</param>
    /// <param name="values">[columns].</param>
    public void RoundRow(int row, ReadOnlySpan<float> values)
    {
        Span<sbyte> codes = _codes.AsSpan(checked(row * Columns), Columns);
        for (int block = 0; block < Blocks; block++)
        {
            int first = block * BlockLength;
            int count = Math.Min(BlockLength, Columns - first);
            _grid.Round(values.Slice(first, count), Step(row, block), (sbyte)ZeroPoint(row, block), codes.Slice(first, count));
        }
    }

    /// <summary>The codes that values were rounded to, with the grid. Shares them: round no more afterwards.</summary>
    /// <returns>The integer matrix.</returns>
    public QuantizedWeight ToWeight() => new()
    {
        Bits = Scheme.Bits,
        Rows = Rows,
        Columns = Columns,
        Codes = _codes,
        Scales = _scales,
        ZeroPoints = _zeros,
        BlockSize = Scheme.BlockSize,
        BlockScales = _blockScales,
        BlockZeroPoints = _blockZeros,
    };
}
