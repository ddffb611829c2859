namespace MobileQuant.Text.Templates;

/// <summary>The variable <c>loop</c> of a loop.</summary>
/// <param name="items">What is looped over.</param>
internal sealed class LoopValue(IReadOnlyList<object> items)
{
    private object? _lastChanged;

    /// <summary>The current item, from 0.</summary>
    public int Index { get; set; }

    /// <summary>A member by name, or null.</summary>
    public object? Find(string name) => name switch
    {
        "index" => Index + 1L,
        "index0" => (long)Index,
        "revindex" => (long)(items.Count - Index),
        "revindex0" => items.Count - Index - 1L,
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,

        // Only recursive loops, which are not supported, have another.
        "depth" => 1L,
        "depth0" => 0L,
        "previtem" => Index > 0 ? items[Index - 1] : new UndefinedValue("loop.previtem"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new UndefinedValue("loop.nextitem"),
        "cycle" => new FunctionValue("loop.cycle", (context, arguments) =>
        {
            arguments.AllowNamed(context);
            return arguments.Positional.Count > 0 ? arguments.Positional[Index % arguments.Positional.Count] : throw context.Fail("loop.cycle() needs an argument");
        }),
        "changed" => new FunctionValue("loop.changed", (context, arguments) => HasChanged(context, arguments)),
        _ => null,
    };

    private bool HasChanged(RenderContext context, CallArguments arguments)
    {
        ListValue now = new(arguments.Positional, isTuple: true);
        bool changed = _lastChanged is null || !Comparing.AreEqual(context, _lastChanged, now);
        _lastChanged = now;
        return changed;
    }
}
