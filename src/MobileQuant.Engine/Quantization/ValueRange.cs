namespace MobileQuant.Quantization;

/// <summary>The values that a tensor took.</summary>
/// <param name="Minimum">Smallest.</param>
/// <param name="Maximum">Largest.</param>
public readonly record struct ValueRange(float Minimum, float Maximum)
{
    /// <summary>The range of nothing: neutral to <see cref="Union"/>.</summary>
    public static ValueRange Empty { get; } = new(float.PositiveInfinity, float.NegativeInfinity);

    /// <summary>max(|minimum|, |maximum|).</summary>
    public float AbsoluteMaximum => Math.Max(Math.Abs(Minimum), Math.Abs(Maximum));

    /// <summary>The range of values.</summary>
    /// <param name="values">Any number of them.</param>
    /// <returns>Their range; <see cref="Empty"/> when there are none.</returns>
    public static ValueRange Of(ReadOnlySpan<float> values)
    {
        float minimum = float.PositiveInfinity;
        float maximum = float.NegativeInfinity;
        foreach (float value in values)
        {
            minimum = Math.Min(minimum, value);
            maximum = Math.Max(maximum, value);
        }

        return new(minimum, maximum);
    }

    /// <summary>The smallest range that covers both.</summary>
    /// <param name="other">Another range.</param>
    /// <returns>Their hull.</returns>
    public ValueRange Union(ValueRange other) => new(Math.Min(Minimum, other.Minimum), Math.Max(Maximum, other.Maximum));

    /// <summary>Widened, where necessary, so that zero is in it.</summary>
    /// <returns>A range with Minimum &lt;= 0 &lt;= Maximum.</returns>
    public ValueRange WithZero() => new(Math.Min(Minimum, 0), Math.Max(Maximum, 0));
}
