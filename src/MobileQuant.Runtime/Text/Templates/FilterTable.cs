using System.Globalization;

namespace MobileQuant.Text.Templates;

/// <summary>The filters that templates may use, by name: <c>value | name(arguments)</c>.</summary>
internal static class FilterTable
{
    private static readonly Dictionary<string, Func<RenderContext, CallArguments, object>> Filters = new(StringComparer.Ordinal)
    {
        ["trim"] = (context, arguments) => TextMethods.Call(context, TextOf(context, arguments), "strip", Without(arguments)),
        ["upper"] = (context, arguments) => TextMethods.Call(context, TextOf(context, arguments), "upper", Without(arguments)),
        ["lower"] = (context, arguments) => TextMethods.Call(context, TextOf(context, arguments), "lower", Without(arguments)),
        ["capitalize"] = (context, arguments) => TextMethods.Call(context, TextOf(context, arguments), "capitalize", Without(arguments)),
        ["title"] = (context, arguments) => TextMethods.Title(context, PythonText.Of(context, Only(context, arguments)), isFilter: true),
        ["replace"] = (context, arguments) => TextMethods.Call(context, TextOf(context, arguments), "replace", Without(arguments)),
        ["string"] = (context, arguments) => context.Made(PythonText.Of(context, Only(context, arguments))),
        ["safe"] = Only,
        ["tojson"] = JsonText.Of,
        ["length"] = (context, arguments) => Operators.Length(context, Only(context, arguments)),
        ["count"] = (context, arguments) => Operators.Length(context, Only(context, arguments)),
        ["default"] = Default,
        ["d"] = Default,
        ["int"] = ToInteger,
        ["float"] = ToFloat,
        ["abs"] = (context, arguments) => Only(context, arguments) is var value && Number.TryRead(value, out Number number) && number.Real < 0
            ? Operators.Sign(context, isNegative: true, value)
            : Operators.Sign(context, isNegative: false, value),
        ["round"] = (context, arguments) => Round(context, arguments),
        ["indent"] = Indent,
        ["list"] = (context, arguments) => Made(context, Operators.Items(context, Only(context, arguments))),
        ["items"] = (context, arguments) => Only(context, arguments) is MapValue map ? Pairs(context, map.Members)
            : arguments.Positional[0] is UndefinedValue ? new ListValue([])
            : throw context.Fail("the filter items needs a mapping"),
        ["first"] = (context, arguments) => Operators.Items(context, Only(context, arguments)) is [object first, ..] ? first : new UndefinedValue("the first item"),
        ["last"] = (context, arguments) => Operators.Items(context, Only(context, arguments)) is [.., object last] ? last : new UndefinedValue("the last item"),
        ["reverse"] = Reverse,
        ["join"] = SequenceFilters.Join,
        ["map"] = SequenceFilters.Map,
        ["select"] = (context, arguments) => SequenceFilters.Select(context, arguments, byAttribute: false, keeps: true),
        ["reject"] = (context, arguments) => SequenceFilters.Select(context, arguments, byAttribute: false, keeps: false),
        ["selectattr"] = (context, arguments) => SequenceFilters.Select(context, arguments, byAttribute: true, keeps: true),
        ["rejectattr"] = (context, arguments) => SequenceFilters.Select(context, arguments, byAttribute: true, keeps: false),
        ["sort"] = SequenceFilters.Sort,
        ["dictsort"] = SequenceFilters.SortMembers,
        ["unique"] = SequenceFilters.Unique,
        ["sum"] = SequenceFilters.Sum,
        ["min"] = (context, arguments) => SequenceFilters.Extreme(context, arguments, -1),
        ["max"] = (context, arguments) => SequenceFilters.Extreme(context, arguments, 1),
    };

    /// <summary>Throws unless there is such a filter.</summary>
    public static void Require(string name, int line)
    {
        if (!Filters.ContainsKey(name))
        {
            throw TemplateErrors.Syntax(line, $"the filter '{name}' is not supported");
        }
    }

    /// <summary>Applies a filter; the value is the first positional argument.</summary>
    public static object Apply(RenderContext context, string name, CallArguments arguments) =>
        Filters.TryGetValue(name, out Func<RenderContext, CallArguments, object>? filter)
            ? filter(context, arguments)
            : throw context.Fail($"the filter '{name}' is not supported");

    /// <summary>A list of members as pairs.</summary>
    public static ListValue Pairs(RenderContext context, IEnumerable<KeyValuePair<object, object>> members) =>
        Made(context, [.. members.Select(member => new ListValue([member.Key, member.Value], isTuple: true))]);

    /// <summary>The arguments without the value that is filtered.</summary>
    public static CallArguments Without(CallArguments arguments) => arguments with { Positional = [.. arguments.Positional.Skip(1)] };

    public static ListValue Made(RenderContext context, IReadOnlyList<object> items)
    {
        context.Grow(items.Count);
        return new(items);
    }

    private static object Only(RenderContext context, CallArguments arguments) => arguments.Bind(context, "value")[0]!;

    private static string TextOf(RenderContext context, CallArguments arguments) => PythonText.Of(context, arguments.Positional[0]);

    private static object Default(RenderContext context, CallArguments arguments)
    {
        object?[] values = arguments.Bind(context, "value", "default_value", "boolean");
        bool isReplaced = values[0] is UndefinedValue || (values[2] is { } strict && Comparing.IsTrue(strict) && !Comparing.IsTrue(values[0]!));
        return isReplaced ? values[1] ?? "" : values[0]!;
    }

    private static object ToInteger(RenderContext context, CallArguments arguments)
    {
        object?[] values = arguments.Bind(context, "value", "default");
        return values[0] switch
        {
            string text when long.TryParse(PythonText.Trim(text), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed) => parsed,
            string text when double.TryParse(PythonText.Trim(text), NumberStyles.Float, CultureInfo.InvariantCulture, out double real) && Math.Abs(real) < 1L << 62 => (long)real,
            double real when Math.Abs(real) < 1L << 62 => (long)real,
            { } value when Number.TryRead(value, out Number number) && number.IsInteger => number.Integer,
            UndefinedValue missing => throw context.Fail(missing.Describe()),
            _ => values[1] ?? 0L,
        };
    }

    private static object ToFloat(RenderContext context, CallArguments arguments)
    {
        object?[] values = arguments.Bind(context, "value", "default");
        return values[0] is string text && double.TryParse(PythonText.Trim(text), NumberStyles.Float, CultureInfo.InvariantCulture, out double parsed) ? parsed
            : Number.TryRead(values[0]!, out Number number) ? number.Real
            : values[0] is UndefinedValue missing ? throw context.Fail(missing.Describe())
            : values[1] ?? 0.0;
    }

    private static double Round(RenderContext context, CallArguments arguments)
    {
        object?[] values = arguments.Bind(context, "value", "precision", "method");
        return values switch
        {
            [{ } value, null or long and >= 0 and <= 15, null or "common"] when Number.TryRead(value, out Number number) =>
                Math.Round(number.Real, (int)(values[1] as long? ?? 0), MidpointRounding.ToEven),
            _ => throw context.Fail("the filter round is supported for numbers, with a precision of 0 to 15"),
        };
    }

    private static string Indent(RenderContext context, CallArguments arguments)
    {
        object?[] values = arguments.Bind(context, "value", "width", "first", "blank");
        string text = values[0] as string ?? throw context.Fail($"the filter indent needs a string, not {PythonText.Describe(values[0]!)}");
        string margin = values[1] switch
        {
            null => "    ",
            string given => given,
            long width and >= 0 and <= 64 => new string(' ', (int)width),
            _ => throw context.Fail("the width of the filter indent must be a string or a number up to 64"),
        };
        bool first = values[2] is { } f && Comparing.IsTrue(f);
        bool blank = values[3] is { } b && Comparing.IsTrue(b);
        context.Grow(text.Length);
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (i == 0 ? first : blank || lines[i].Length > 0)
            {
                context.Grow(margin.Length + lines[i].Length);
                lines[i] = margin + lines[i];
            }
        }

        return string.Join('\n', lines);
    }

    private static object Reverse(RenderContext context, CallArguments arguments)
    {
        object value = Only(context, arguments);
        IReadOnlyList<object> items = [.. Operators.Items(context, value).Reverse()];
        return value is string ? context.Made(string.Concat(items)) : Made(context, items);
    }
}
