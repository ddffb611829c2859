namespace MobileQuant.Text.Templates;

/// <summary>An integer of 64 bits or a double; booleans are the integers 0 and 1.</summary>
/// <param name="Integer">The value of an integer.</param>
/// <param name="Real">The value as a double.</param>
/// <param name="IsInteger">Which of the two it is.</param>
internal readonly record struct Number(long Integer, double Real, bool IsInteger)
{
    public static bool TryRead(object value, out Number number)
    {
        number = value switch
        {
            long integer => new(integer, integer, true),
            bool flag => new(flag ? 1 : 0, flag ? 1 : 0, true),
            double real => new(0, real, false),
            _ => default,
        };
        return value is long or bool or double;
    }

    /// <summary>Null where one of the two is not a number.</summary>
    public int? CompareTo(Number other) =>
        IsInteger && other.IsInteger ? Integer.CompareTo(other.Integer)
        : double.IsNaN(Real) || double.IsNaN(other.Real) ? null
        : Real.CompareTo(other.Real);

    /// <summary>Applies one of + - * / // % **.</summary>
    public static object Apply(RenderContext context, string symbol, Number left, Number right)
    {
        if (symbol is "/" or "//" or "%" && right.Real == 0)
        {
            throw context.Fail("division by zero");
        }

        if (!left.IsInteger || !right.IsInteger || symbol == "/" || (symbol == "**" && right.Integer < 0))
        {
            return symbol switch
            {
                "+" => left.Real + right.Real,
                "-" => left.Real - right.Real,
                "*" => left.Real * right.Real,
                "/" => left.Real / right.Real,
                "//" => Math.Floor(left.Real / right.Real),
                "%" => left.Real - (right.Real * Math.Floor(left.Real / right.Real)),
                _ => Math.Pow(left.Real, right.Real),
            };
        }

        try
        {
            return checked(symbol switch
            {
                "+" => left.Integer + right.Integer,
                "-" => left.Integer - right.Integer,
                "*" => left.Integer * right.Integer,
                "//" => FloorDivide(left.Integer, right.Integer),
                "%" => right.Integer is -1 ? 0 : left.Integer - (FloorDivide(left.Integer, right.Integer) * right.Integer),
                _ => Power(left.Integer, right.Integer),
            });
        }
        catch (OverflowException)
        {
            throw context.Fail("the integer does not fit 64 bits");
        }
    }

    private static long FloorDivide(long left, long right)
    {
        // The one quotient that does not fit.
        if (right == -1)
        {
            return checked(-left);
        }

        long quotient = left / right;
        return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
    }

    private static long Power(long value, long exponent)
    {
        if (value is 0 or 1 or -1)
        {
            return exponent == 0 ? 1 : value == -1 && exponent % 2 == 0 ? 1 : value;
        }

        long result = 1;
        for (long i = 0; i < exponent; i++)
        {
            result = checked(result * value);
        }

        return result;
    }
}
