using MobileQuant.Quantization;

namespace MobileQuant.Learning;

/// <summary>
/// The range of a static site, or those of its heads: bounds on a logarithmic scale, so that one learning rate fits 8 and 16 bits.
/// Rounds exactly as <see cref="Simulation"/> does. A bound of 0 stays 0.
/// </summary>
internal sealed class LearnedRange
{
    private readonly ValueRange[] _start;
    private readonly bool _isSigned;
    private readonly int _codes;

    /// <param name="groups">One range, or one per head.</param>
    /// <param name="bits">Width of codes.</param>
    /// <param name="isSigned">Whether codes are symmetric around 0.</param>
    /// <param name="isLearned">Whether ranges change.</param>
    public LearnedRange(IReadOnlyList<ValueRange> groups, int bits, bool isSigned, bool isLearned)
    {
        _start = [.. groups.Select(range => isSigned ? new ValueRange(-range.AbsoluteMaximum, range.AbsoluteMaximum) : range.WithZero())];
        _isSigned = isSigned;
        _codes = isSigned ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
        if (isLearned)
        {
            Logarithms = new(LearnedKind.Range, [.. _start.SelectMany(range => new[] { Logarithm(-range.Minimum), Logarithm(range.Maximum) })]);
        }
    }

    /// <summary>Per group: the logarithms of -minimum (unused where codes are signed) and of the maximum; null when ranges are fixed.</summary>
    public LearnedParameter? Logarithms { get; }

    /// <summary>Number of ranges.</summary>
    public int Groups => _start.Length;

    /// <summary>The range of a group as it is now.</summary>
    public ValueRange this[int group]
    {
        get
        {
            ValueRange start = _start[group];
            if (Logarithms is null)
            {
                return start;
            }

            float maximum = start.Maximum == 0 ? 0 : MathF.Exp(Logarithms.Values[(2 * group) + 1]);
            return _isSigned ? new(-maximum, maximum) : new(start.Minimum == 0 ? 0 : -MathF.Exp(Logarithms.Values[2 * group]), maximum);
        }
    }

    /// <summary>Step of a group, and its outermost codes with the zero point subtracted; a step of 0 for a range of nothing.</summary>
    public (float Step, float Lowest, float Highest) Grid(int group)
    {
        ValueRange range = this[group];
        float step = (_isSigned ? range.Maximum : range.Maximum - range.Minimum) / _codes;
        if (!(step > 0))
        {
            return (0, 0, 0);
        }

        float zero = _isSigned ? _codes : Math.Clamp(MathF.Round(-range.Minimum / step), 0, _codes);
        return (step, -zero, (_isSigned ? 2 * _codes : _codes) - zero);
    }

    /// <summary>Takes the gradient of a group.</summary>
    public void AddGradient(int group, RangeGradient gradient)
    {
        if (Logarithms is null)
        {
            return;
        }

        ValueRange range = this[group];
        double inside = gradient.Inside / _codes;
        if (_isSigned)
        {
            Logarithms.Gradient[(2 * group) + 1] += (inside + gradient.Above - gradient.Below) * range.Maximum;
            return;
        }

        // Beyond the range the gradient passes the offset, which rounding has moved by this share of the range.
        (float step, float lowest, _) = Grid(group);
        double moved = step == 0 ? 0 : (-lowest + (range.Minimum / step)) / _codes;
        double beyond = moved * (gradient.Above + gradient.Below);
        Logarithms.Gradient[2 * group] += (gradient.Below + beyond - inside) * range.Minimum;
        Logarithms.Gradient[(2 * group) + 1] += (gradient.Above - beyond + inside) * range.Maximum;
    }

    private static float Logarithm(float magnitude) => magnitude > 0 ? MathF.Log(magnitude) : 0;
}
