using System.Text;

namespace MobileQuant.Text.Templates;

/// <summary>Arithmetic, subscripts and slices of values, as Python defines them.</summary>
internal static class Operators
{
    /// <summary>The longest list that <c>range</c> and repetition make.</summary>
    public const int LongestRange = 100_000;

    public static object Apply(RenderContext context, string symbol, object left, object right)
    {
        if (Number.TryRead(left, out Number a) && Number.TryRead(right, out Number b))
        {
            return Number.Apply(context, symbol, a, b);
        }

        return (symbol, left, right) switch
        {
            ("+", string x, string y) => Join(context, x, y),
            ("+", ListValue x, ListValue y) when x.IsTuple == y.IsTuple => Join(context, x, y),
            ("*", string x, long or bool) when Number.TryRead(right, out Number count) => Repeat(context, x, count.Integer),
            ("*", ListValue x, long or bool) when Number.TryRead(right, out Number count) => Repeat(context, x, count.Integer),
            ("*", long or bool, string or ListValue) => Apply(context, symbol, right, left),
            _ when left is UndefinedValue missing => throw context.Fail(missing.Describe()),
            _ when right is UndefinedValue missing => throw context.Fail(missing.Describe()),
            _ => throw context.Fail($"'{symbol}' does not work between {PythonText.Describe(left)} and {PythonText.Describe(right)}"),
        };
    }

    public static object Sign(RenderContext context, bool isNegative, object value) => !Number.TryRead(value, out Number number)
        ? throw context.Fail($"{PythonText.Describe(value)} has no sign")
        : !number.IsInteger ? (isNegative ? -number.Real : number.Real)
        : isNegative ? Number.Apply(context, "-", new(0, 0, true), number)
        : number.Integer;

    /// <summary><c>target[index]</c>; what is not there is undefined.</summary>
    public static object Item(RenderContext context, object target, object index)
    {
        Comparing.SpendKey(context, index);
        switch (target)
        {
            case MapValue map when MapValue.IsKey(index) && map.TryGet(index, out object value):
                return value;
            case ListValue list when index is long at && Within(list.Items.Count, ref at):
                return list.Items[(int)at];
            case string text when index is long at:
                CodePoints points = new(context, text);
                return Within(points.Count, ref at) ? points.Slice((int)at, 1) : Missing();
            case UndefinedValue missing:
                throw context.Fail(missing.Describe());
            default:
                // Python looks for a member of that name where there is no item.
                return (index is string name ? Methods.Find(target, name) : null) ?? Missing();
        }

        UndefinedValue Missing() => new(index is string key ? key : "the item");
    }

    public static object Slice(RenderContext context, object target, object? start, object? stop, object? step)
    {
        long by = Bound(context, step) ?? 1;
        if (by == 0)
        {
            throw context.Fail("the step of a slice is 0");
        }

        switch (target)
        {
            case string text:
                CodePoints points = new(context, text);
                if (by == 1)
                {
                    (long first, long last) = Range(points.Count, by, Bound(context, start), Bound(context, stop));
                    return context.Made(points.Slice((int)first, (int)Math.Max(0, last - first)));
                }

                StringBuilder result = new();
                foreach (int index in Indices(context, points.Count, by, start, stop))
                {
                    result.Append(points.Slice(index, 1));
                }

                return context.Made(result.ToString());
            case ListValue list:
                List<object> items = [.. Indices(context, list.Items.Count, by, start, stop).Select(index => list.Items[index])];
                context.Grow(items.Count);
                return new ListValue(items, list.IsTuple);
            case UndefinedValue missing:
                throw context.Fail(missing.Describe());
            default:
                throw context.Fail($"{PythonText.Describe(target)} cannot be sliced");
        }
    }

    /// <summary>What a loop over a value goes through.</summary>
    public static IReadOnlyList<object> Items(RenderContext context, object value)
    {
        switch (value)
        {
            case ListValue list:
                return list.Items;
            case MapValue map:
                context.Grow(map.Count);
                return [.. map.Keys];
            case string text:
                CodePoints points = new(context, text);
                context.Grow(points.Count);
                return [.. Enumerable.Range(0, points.Count).Select(index => points.Slice(index, 1))];
            case UndefinedValue:
                return [];
            default:
                throw context.Fail($"{PythonText.Describe(value)} cannot be iterated over");
        }
    }

    /// <summary>The number of items or characters.</summary>
    public static long Length(RenderContext context, object value) => value switch
    {
        string text => new CodePoints(context, text).Count,
        ListValue list => list.Items.Count,
        MapValue map => map.Count,
        UndefinedValue => 0,
        _ => throw context.Fail($"{PythonText.Describe(value)} has no length"),
    };

    private static string Join(RenderContext context, string left, string right)
    {
        context.Grow(left.Length + (long)right.Length);
        return left + right;
    }

    private static ListValue Join(RenderContext context, ListValue left, ListValue right)
    {
        context.Grow(left.Items.Count + (long)right.Items.Count);
        return new([.. left.Items, .. right.Items], left.IsTuple);
    }

    private static string Repeat(RenderContext context, string text, long count)
    {
        context.Grow(Total(text.Length, count));
        return count <= 0 || text.Length == 0 ? "" : new StringBuilder(text.Length * (int)count).Insert(0, text, (int)count).ToString();
    }

    private static ListValue Repeat(RenderContext context, ListValue list, long count)
    {
        context.Grow(Total(list.Items.Count, count));
        return new([.. Enumerable.Range(0, list.Items.Count == 0 ? 0 : (int)Math.Max(0, count)).SelectMany(_ => list.Items)], list.IsTuple);
    }

    private static long Total(int length, long count) => count <= 0 || length == 0 ? 0 : count > RenderContext.LargestGrowth ? long.MaxValue / 2 : length * count;

    private static bool Within(int count, ref long index)
    {
        index += index < 0 ? count : 0;
        return index >= 0 && index < count;
    }

    private static long? Bound(RenderContext context, object? value) => value switch
    {
        null or NoneValue => null,
        _ when Number.TryRead(value, out Number number) && number.IsInteger => number.Integer,
        UndefinedValue missing => throw context.Fail(missing.Describe()),
        _ => throw context.Fail($"a slice needs integers, not {PythonText.Describe(value)}"),
    };

    private static (long First, long Last) Range(int count, long step, long? start, long? stop)
    {
        long low = step > 0 ? 0 : -1;
        long high = step > 0 ? count : count - 1L;
        return (start is { } a ? Clamp(a) : step > 0 ? low : high, stop is { } b ? Clamp(b) : step > 0 ? high : low);

        long Clamp(long value) => Math.Clamp(value < 0 ? Math.Max(value, -count - 1L) + count : value, low, high);
    }

    private static IEnumerable<int> Indices(RenderContext context, int count, long step, object? start, object? stop)
    {
        (long first, long last) = Range(count, step, Bound(context, start), Bound(context, stop));
        long stride = Math.Clamp(step, -count - 1L, count + 1L);
        for (long index = first; stride > 0 ? index < last : index > last; index += stride)
        {
            yield return (int)index;
        }
    }
}
