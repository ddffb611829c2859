namespace MobileQuant.Text.Templates;

/// <summary>The members that values have besides items: methods of strings, lists and mappings, and what <c>loop</c> and namespaces hold.</summary>
internal static class Methods
{
    private static readonly HashSet<string> OfMaps = ["items", "keys", "values", "get"];
    private static readonly HashSet<string> OfLists = ["index", "count"];

    /// <summary>A member by name, or null.</summary>
    public static object? Find(object target, string name) => target switch
    {
        string text when TextMethods.Names.Contains(name) => new FunctionValue(name, (context, arguments) => TextMethods.Call(context, text, name, arguments)),
        MapValue map when OfMaps.Contains(name) => new FunctionValue(name, (context, arguments) => CallMap(context, map, name, arguments)),
        ListValue list when OfLists.Contains(name) => new FunctionValue(name, (context, arguments) => CallList(context, list, name, arguments)),
        LoopValue loop => loop.Find(name),
        NamespaceValue space => space.Members.GetValueOrDefault(name),
        _ => null,
    };

    private static object CallMap(RenderContext context, MapValue map, string name, CallArguments arguments)
    {
        if (name == "get")
        {
            object?[] values = arguments.Bind(context, "key", "default");
            object key = values[0] ?? throw context.Fail("get() needs a key");
            Comparing.SpendKey(context, key);
            return MapValue.IsKey(key) && map.TryGet(key, out object value) ? value : values[1] ?? NoneValue.Instance;
        }

        arguments.Bind(context);
        context.Grow(map.Count);
        return new ListValue(name switch
        {
            "keys" => [.. map.Keys],
            "values" => [.. map.Values],
            _ => [.. map.Members.Select(member => new ListValue([member.Key, member.Value], isTuple: true))],
        });
    }

    private static object CallList(RenderContext context, ListValue list, string name, CallArguments arguments)
    {
        object sought = arguments.Bind(context, "value")[0] ?? throw context.Fail($"{name}() needs a value");
        long count = 0;
        for (int i = 0; i < list.Items.Count; i++)
        {
            if (Comparing.AreEqual(context, list.Items[i], sought))
            {
                if (name == "index")
                {
                    return (long)i;
                }

                count++;
            }
        }

        return name == "count" ? count : throw context.Fail("the list does not have that value");
    }
}
