namespace MobileQuant.Text.Templates;

/// <summary>The arguments of a call, evaluated.</summary>
/// <param name="Callee">Whose they are, for messages.</param>
/// <param name="Positional">By position.</param>
/// <param name="Named">By name.</param>
internal sealed record CallArguments(string Callee, IReadOnlyList<object> Positional, IReadOnlyDictionary<string, object> Named)
{
    private static readonly Dictionary<string, object> NoneNamed = [];

    public CallArguments(string callee, params object[] positional)
        : this(callee, positional, NoneNamed)
    {
    }

    /// <summary>Binds them to parameters in order.</summary>
    /// <returns>A value for each parameter; null where none was given.</returns>
    public object?[] Bind(RenderContext context, params ReadOnlySpan<string> parameters)
    {
        if (Positional.Count > parameters.Length)
        {
            throw context.Fail($"{Callee} takes at most {parameters.Length} arguments, not {Positional.Count}");
        }

        object?[] values = new object?[parameters.Length];
        for (int i = 0; i < Positional.Count; i++)
        {
            values[i] = Positional[i];
        }

        foreach ((string name, object value) in Named)
        {
            int index = parameters.IndexOf(name);
            if (index < 0 || values[index] is not null)
            {
                throw context.Fail(index < 0 ? $"{Callee} has no argument '{name}'" : $"{Callee} is given '{name}' twice");
            }

            values[index] = value;
        }

        return values;
    }

    /// <summary>Refuses named arguments that are not listed.</summary>
    public void AllowNamed(RenderContext context, params ReadOnlySpan<string> names)
    {
        foreach (string name in Named.Keys)
        {
            if (!names.Contains(name))
            {
                throw context.Fail($"{Callee} has no argument '{name}'");
            }
        }
    }
}
