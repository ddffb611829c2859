using System.Globalization;

namespace MobileQuant.Text.Templates;

/// <summary>The filters that look at each item of a sequence.</summary>
internal static class SequenceFilters
{
    public static object Join(RenderContext context, CallArguments arguments)
    {
        object?[] values = arguments.Bind(context, "value", "d", "attribute");
        string separator = values[1] is { } given ? PythonText.Of(context, given) : "";
        List<object> texts = [];
        foreach (object item in Operators.Items(context, values[0]!))
        {
            texts.Add(PythonText.Of(context, values[2] is { } attribute ? AttributeOf(context, item, attribute) : item));
        }

        return TextMethods.Join(context, separator, new ListValue(texts));
    }

    public static object Map(RenderContext context, CallArguments arguments)
    {
        IReadOnlyList<object> items = ItemsIfAny(context, arguments.Positional[0]);
        context.Grow(items.Count);
        if (arguments.Named.TryGetValue("attribute", out object? attribute))
        {
            arguments.AllowNamed(context, "attribute", "default");
            object? fallback = arguments.Named.GetValueOrDefault("default");
            return new ListValue([.. items.Select(item => AttributeOf(context, item, attribute) is var value && value is UndefinedValue && fallback is not null ? fallback : value)]);
        }

        CallArguments rest = FilterTable.Without(arguments);
        string filter = rest.Positional is [string name, ..] ? name : throw context.Fail("the filter map needs a filter's name or an attribute");
        return new ListValue([.. items.Select(item => FilterTable.Apply(context, filter, rest with { Callee = filter, Positional = [item, .. rest.Positional.Skip(1)] }))]);
    }

    public static object Select(RenderContext context, CallArguments arguments, bool byAttribute, bool keeps)
    {
        IReadOnlyList<object> items = ItemsIfAny(context, arguments.Positional[0]);
        CallArguments rest = FilterTable.Without(arguments);
        object? attribute = null;
        if (byAttribute)
        {
            attribute = rest.Positional is [{ } given, ..] ? given : throw context.Fail($"{arguments.Callee} needs an attribute");
            rest = FilterTable.Without(rest);
        }

        string? test = rest.Positional is [object name, ..] ? name as string ?? throw context.Fail($"{arguments.Callee} needs the name of a test") : null;
        List<object> kept = [];
        foreach (object item in items)
        {
            context.Spend();
            object value = attribute is null ? item : AttributeOf(context, item, attribute);
            bool holds = test is null
                ? Comparing.IsTrue(value)
                : PredicateTable.Holds(context, test, rest with { Callee = test, Positional = [value, .. rest.Positional.Skip(1)] });
            if (holds == keeps)
            {
                kept.Add(item);
            }
        }

        return FilterTable.Made(context, kept);
    }

    public static object Sort(RenderContext context, CallArguments arguments)
    {
        object?[] values = arguments.Bind(context, "value", "reverse", "case_sensitive", "attribute");
        bool isSensitive = IsSet(values[2]);
        return FilterTable.Made(context, Comparing.Sort(context, Operators.Items(context, values[0]!), item => Fold(context, values[3] is { } attribute ? AttributeOf(context, item, attribute) : item, isSensitive), IsSet(values[1])));
    }

    public static object SortMembers(RenderContext context, CallArguments arguments)
    {
        object?[] values = arguments.Bind(context, "value", "case_sensitive", "by", "reverse");
        MapValue map = values[0] as MapValue ?? throw context.Fail("the filter dictsort needs a mapping");
        int part = values[2] switch
        {
            null or "key" => 0,
            "value" => 1,
            _ => throw context.Fail("the filter dictsort sorts by 'key' or 'value'"),
        };
        bool isSensitive = IsSet(values[1]);
        return new ListValue(Comparing.Sort(context, FilterTable.Pairs(context, map.Members).Items, pair => Fold(context, ((ListValue)pair).Items[part], isSensitive), IsSet(values[3])));
    }

    public static object Unique(RenderContext context, CallArguments arguments)
    {
        object?[] values = arguments.Bind(context, "value", "case_sensitive", "attribute");
        bool isSensitive = IsSet(values[1]);
        MapValue seen = new();
        List<object> kept = [];
        foreach (object item in Operators.Items(context, values[0]!))
        {
            object key = Fold(context, values[2] is { } attribute ? AttributeOf(context, item, attribute) : item, isSensitive);
            if (!MapValue.IsKey(key))
            {
                throw context.Fail($"the filter unique does not work on {PythonText.Describe(key)}");
            }

            Comparing.SpendKey(context, key);
            if (!seen.TryGet(key, out _))
            {
                seen.Set(key, key);
                kept.Add(item);
            }
        }

        return FilterTable.Made(context, kept);
    }

    public static object Sum(RenderContext context, CallArguments arguments)
    {
        object?[] values = arguments.Bind(context, "value", "attribute", "start");
        object sum = values[2] ?? 0L;
        foreach (object item in Operators.Items(context, values[0]!))
        {
            sum = Operators.Apply(context, "+", sum, values[1] is { } attribute and not NoneValue ? AttributeOf(context, item, attribute) : item);
        }

        return sum;
    }

    public static object Extreme(RenderContext context, CallArguments arguments, int sign)
    {
        object?[] values = arguments.Bind(context, "value", "case_sensitive", "attribute");
        bool isSensitive = IsSet(values[1]);
        object? best = null;
        object? bestKey = null;
        foreach (object item in Operators.Items(context, values[0]!))
        {
            object key = Fold(context, values[2] is { } attribute ? AttributeOf(context, item, attribute) : item, isSensitive);
            if (bestKey is null || Comparing.Order(context, key, bestKey) * sign > 0)
            {
                (best, bestKey) = (item, key);
            }
        }

        return best ?? new UndefinedValue("the item of an empty list");
    }

    /// <summary>Jinja looks into a value here only if it is true, so that none has no items rather than being an error.</summary>
    private static IReadOnlyList<object> ItemsIfAny(RenderContext context, object value) => Comparing.IsTrue(value) ? Operators.Items(context, value) : [];

    private static bool IsSet(object? flag) => flag is not null && Comparing.IsTrue(flag);

    private static object Fold(RenderContext context, object key, bool isSensitive) =>
        key is string text && !isSensitive ? context.Made(text.ToLowerInvariant()) : key;

    /// <summary>A member by a path with dots, or an item by a number.</summary>
    private static object AttributeOf(RenderContext context, object item, object attribute)
    {
        if (attribute is not string path)
        {
            return Operators.Item(context, item, attribute);
        }

        object value = item;
        context.Spend(path.Length);
        foreach (string part in path.Split('.'))
        {
            value = Operators.Item(context, value, long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long index) ? index : part);
        }

        return value;
    }
}
