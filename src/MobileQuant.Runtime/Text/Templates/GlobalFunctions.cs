namespace MobileQuant.Text.Templates;

/// <summary>The functions that every chat template may call.</summary>
internal static class GlobalFunctions
{
    private static readonly Dictionary<string, FunctionValue> Functions = new FunctionValue[]
    {
        new("range", Range),
        new("namespace", CreateNamespace),
        new("dict", CreateMap),
        new("raise_exception", (context, arguments) =>
            throw TemplateErrors.Refused(context.Line, Shortened(PythonText.Of(context, arguments.Bind(context, "message")[0] ?? "")))),
        new("strftime_now", (context, arguments) => arguments.Bind(context, "format")[0] is string format
            ? context.Made(DateText.Of(context, format))
            : throw context.Fail("strftime_now() needs a format")),
    }.ToDictionary(function => function.Name, StringComparer.Ordinal);

    /// <summary>A function by name, or null.</summary>
    public static FunctionValue? Find(string name) => Functions.GetValueOrDefault(name);

    private static string Shortened(string message) => message.Length > 500 ? message[..500] + "..." : message;

    private static ListValue Range(RenderContext context, CallArguments arguments)
    {
        arguments.AllowNamed(context);
        long[] bounds = [.. arguments.Positional.Select(value => Number.TryRead(value, out Number number) && number.IsInteger
            ? number.Integer
            : throw context.Fail($"range() needs integers, not {PythonText.Describe(value)}"))];
        (long start, long stop, long step) = bounds switch
        {
            [var end] => (0, end, 1),
            [var begin, var end] => (begin, end, 1),
            [var begin, var end, not 0] => (begin, end, bounds[2]),
            _ => throw context.Fail("range() takes one to three integers, and a step other than 0"),
        };
        List<object> items = [];
        for (Int128 at = start; step > 0 ? at < stop : at > stop; at += step)
        {
            if (items.Count == Operators.LongestRange)
            {
                throw TemplateErrors.Limit(context.Line, $"range() makes more than {Operators.LongestRange} items");
            }

            context.Grow(1);
            items.Add((long)at);
        }

        return new ListValue(items);
    }

    private static NamespaceValue CreateNamespace(RenderContext context, CallArguments arguments)
    {
        NamespaceValue space = new();
        foreach ((object key, object value) in CreateMap(context, arguments).Members)
        {
            space.Members[PythonText.Of(context, key)] = value;
        }

        return space;
    }

    private static MapValue CreateMap(RenderContext context, CallArguments arguments)
    {
        MapValue map = new();
        switch (arguments.Positional)
        {
            case []:
                break;
            case [MapValue given]:
                context.Grow(given.Count);
                foreach ((object key, object value) in given.Members)
                {
                    map.Set(key, value);
                }

                break;
            default:
                throw context.Fail($"{arguments.Callee}() takes a mapping or named arguments");
        }

        foreach ((string key, object value) in arguments.Named)
        {
            context.Grow(key.Length);
            map.Set(key, value);
        }

        return map;
    }
}
