namespace MobileQuant.Text.Templates;

/// <summary>A node that writes text or changes variables.</summary>
/// <param name="Line">Where it stands.</param>
internal abstract record Statement(int Line)
{
    internal sealed record Data(int Line, string Text) : Statement(Line);

    internal sealed record Output(int Line, Expression Value) : Statement(Line);

    internal sealed record If(int Line, IReadOnlyList<(Expression Test, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Otherwise) : Statement(Line);

    internal sealed record For(int Line, AssignmentTarget Target, Expression Source, Expression? Condition, IReadOnlyList<Statement> Body, IReadOnlyList<Statement> Otherwise) : Statement(Line);

    internal sealed record Break(int Line) : Statement(Line);

    internal sealed record Continue(int Line) : Statement(Line);

    internal sealed record Set(int Line, AssignmentTarget Target, Expression Value) : Statement(Line);

    /// <summary>Gives a variable what the body writes, through filters.</summary>
    internal sealed record SetBlock(int Line, AssignmentTarget Target, Expression.Filter? Filter, IReadOnlyList<Statement> Body) : Statement(Line);

    internal sealed record FilterBlock(int Line, Expression.Filter Filter, IReadOnlyList<Statement> Body) : Statement(Line);

    internal sealed record Macro(int Line, string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Statement> Body) : Statement(Line);

    /// <summary>A call whose callee may write the body through <c>caller()</c>.</summary>
    internal sealed record CallBlock(int Line, Expression.Call Call, Macro Caller) : Statement(Line);

    /// <summary>A body with variables of its own: <c>with</c>, and <c>generation</c>, which only marks text for training.</summary>
    internal sealed record Scoped(int Line, IReadOnlyList<(AssignmentTarget Target, Expression Value)> Variables, IReadOnlyList<Statement> Body) : Statement(Line);
}
