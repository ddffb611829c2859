namespace MobileQuant.Hardening;

/// <summary>What hardening does to one tensor: powers of two on its rows and columns.</summary>
/// <param name="width">Length of a row; a vector is one row.</param>
/// <param name="plusOne">Whether the values are stored less one, as the gains of some norms.</param>
internal sealed class TensorScaling(int width, bool plusOne = false)
{
    private float[]? _rows;
    private float[]? _columns;

    /// <summary>Multiplies rows, on top of what is done already.</summary>
    public void ScaleRows(float[] factors) => _rows = Combine(_rows, factors);

    /// <summary>Multiplies columns, on top of what is done already.</summary>
    public void ScaleColumns(float[] factors) => _columns = Combine(_columns, factors);

    /// <summary>Scales a run of elements.</summary>
    /// <param name="start">The first element, row-major.</param>
    /// <param name="values">The elements, changed in place.</param>
    public void Apply(long start, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            (long row, long column) = Math.DivRem(start + i, width);
            float factor = (_rows?[row] ?? 1) * (_columns?[column] ?? 1);
            if (factor != 1)
            {
                values[i] = plusOne ? ((values[i] + 1) * factor) - 1 : values[i] * factor;
            }
        }
    }

    private static float[] Combine(float[]? first, float[] second) => first is null ? second : [.. first.Zip(second, (a, b) => a * b)];
}
