namespace MobileQuant.Text.Templates;

/// <summary>A node that has a value.</summary>
/// <param name="Line">Where it stands.</param>
internal abstract record Expression(int Line)
{
    internal sealed record Literal(int Line, object Value) : Expression(Line);

    internal sealed record Variable(int Line, string Name) : Expression(Line);

    internal sealed record Sequence(int Line, IReadOnlyList<Expression> Items, bool IsTuple) : Expression(Line);

    internal sealed record Mapping(int Line, IReadOnlyList<(Expression Key, Expression Value)> Members) : Expression(Line);

    internal sealed record Not(int Line, Expression Operand) : Expression(Line);

    internal sealed record Sign(int Line, bool IsNegative, Expression Operand) : Expression(Line);

    /// <summary><c>and</c>, <c>or</c>: the value of the operand that decides.</summary>
    internal sealed record Logical(int Line, bool IsAnd, Expression Left, Expression Right) : Expression(Line);

    /// <summary>One of + - * / // % **.</summary>
    internal sealed record Arithmetic(int Line, string Operator, Expression Left, Expression Right) : Expression(Line);

    /// <summary>The texts of the operands, put together: <c>a ~ b</c>.</summary>
    internal sealed record Concatenation(int Line, IReadOnlyList<Expression> Items) : Expression(Line);

    /// <summary>A chain of comparisons, each between neighbours: <c>a &lt; b &lt;= c</c>.</summary>
    internal sealed record Comparison(int Line, Expression First, IReadOnlyList<(string Operator, Expression Operand)> Rest) : Expression(Line);

    /// <summary><c>then if test else otherwise</c>.</summary>
    internal sealed record Conditional(int Line, Expression Test, Expression Then, Expression? Otherwise) : Expression(Line);

    internal sealed record Attribute(int Line, Expression Target, string Name) : Expression(Line);

    internal sealed record Item(int Line, Expression Target, Expression Index) : Expression(Line);

    internal sealed record Slice(int Line, Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression(Line);

    internal sealed record Call(int Line, Expression Target, ArgumentNodes Arguments) : Expression(Line);

    /// <summary><c>target | name(arguments)</c>; without a target, the body of a block is filtered.</summary>
    internal sealed record Filter(int Line, Expression? Target, string Name, ArgumentNodes Arguments) : Expression(Line);

    /// <summary><c>target is name(arguments)</c>.</summary>
    internal sealed record Predicate(int Line, Expression Target, string Name, ArgumentNodes Arguments, bool IsNegated) : Expression(Line);
}
