namespace MobileQuant.Text.Templates;

/// <summary>The variables of a block; what a block sets ends with it.</summary>
/// <param name="parent">The block around it, or null.</param>
internal sealed class Scope(Scope? parent)
{
    private readonly Dictionary<string, object> _variables = new(StringComparer.Ordinal);

    /// <summary>Blocks around this one: a look-up goes through them.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    public void Set(string name, object value) => _variables[name] = value;

    /// <summary>A variable of this block or one around it, or null.</summary>
    public object? Find(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._variables.TryGetValue(name, out object? value))
            {
                return value;
            }
        }

        return null;
    }

    private Scope? Parent { get; } = parent;
}
