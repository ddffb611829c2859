namespace MobileQuant.Learning;

/// <summary>What the gradient of a range is made of, summed over elements.</summary>
/// <param name="Inside">Gradient times rounding error in steps, of elements inside the range.</param>
/// <param name="Below">Gradient of elements below the lowest code.</param>
/// <param name="Above">Gradient of elements above the highest code.</param>
internal readonly record struct RangeGradient(double Inside, double Below, double Above)
{
    public static RangeGradient operator +(RangeGradient left, RangeGradient right) =>
        new(left.Inside + right.Inside, left.Below + right.Below, left.Above + right.Above);
}
