namespace MobileQuant.Text.Templates;

/// <summary>The arguments of a call as written.</summary>
/// <param name="Positional">By position.</param>
/// <param name="Named">By name.</param>
internal sealed record ArgumentNodes(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static ArgumentNodes None { get; } = new([], []);
}
