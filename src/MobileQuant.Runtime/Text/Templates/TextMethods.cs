using System.Buffers;

namespace MobileQuant.Text.Templates;

/// <summary>The methods of Python's strings that templates use.</summary>
internal static class TextMethods
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029");

    public static IReadOnlySet<string> Names { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith", "upper", "lower", "title", "capitalize", "replace",
        "find", "rfind", "index", "count", "join", "isdigit", "isalpha", "isalnum", "isspace", "isupper", "islower", "removeprefix", "removesuffix",
        "partition", "rpartition",
    };

    public static object Call(RenderContext context, string text, string name, CallArguments arguments)
    {
        context.Spend(text.Length);
        switch (name)
        {
            case "strip" or "lstrip" or "rstrip":
                string? characters = Optional(context, arguments.Bind(context, "chars")[0]);
                return context.Made(Strip(context, text, characters, name != "rstrip", name != "lstrip"));
            case "split" or "rsplit":
                return Split(context, text, arguments.Bind(context, "sep", "maxsplit"), fromEnd: name == "rsplit");
            case "splitlines":
                return SplitLines(context, text, arguments.Bind(context, "keepends")[0]);
            case "startswith" or "endswith":
                return StartsOrEnds(context, text, arguments.Bind(context, "affix")[0], name == "startswith");
            case "replace":
                object?[] replacement = arguments.Bind(context, "old", "new", "count");
                return Replace(context, text, Required(context, replacement[0]), Required(context, replacement[1]), Count(context, replacement[2]));
            case "find" or "rfind" or "index":
                return Find(context, text, Required(context, arguments.Bind(context, "sub")[0]), name);
            case "count":
                return CountOf(context, text, Required(context, arguments.Bind(context, "sub")[0]));
            case "join":
                return Join(context, text, arguments.Bind(context, "iterable")[0] ?? throw context.Fail("join() needs a list"));
            case "removeprefix" or "removesuffix":
                string affix = Required(context, arguments.Bind(context, "affix")[0]);
                return name == "removeprefix" && text.StartsWith(affix, StringComparison.Ordinal) ? context.Made(text[affix.Length..])
                    : name == "removesuffix" && text.EndsWith(affix, StringComparison.Ordinal) ? context.Made(text[..^affix.Length])
                    : text;
            case "partition" or "rpartition":
                return Partition(context, text, Required(context, arguments.Bind(context, "sep")[0]), fromEnd: name == "rpartition");
            default:
                arguments.Bind(context);
                return Plain(context, text, name);
        }
    }

    /// <summary>The first letter of each word in upper case, the others in lower case.</summary>
    /// <param name="context">Counts it.</param>
    /// <param name="text">The text.</param>
    /// <param name="isFilter">True: Jinja's words, which begin after white space, - and opening brackets; false: Python's, of letters.</param>
    public static string Title(RenderContext context, string text, bool isFilter)
    {
        bool inWord = false;
        return context.Made(string.Create(text.Length, text, (result, source) =>
        {
            for (int i = 0; i < source.Length; i++)
            {
                result[i] = inWord ? char.ToLowerInvariant(source[i]) : char.ToUpperInvariant(source[i]);
                inWord = isFilter ? !(PythonText.IsSpace(source[i]) || source[i] is '-' or '(' or '{' or '[' or '<') : char.IsLetter(source[i]);
            }
        }));
    }

    public static string Capitalize(RenderContext context, string text) =>
        text.Length == 0 ? text : context.Made(char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant());

    public static string Replace(RenderContext context, string text, string old, string replacement, long most)
    {
        long count = old.Length == 0 ? text.Length + 1L : CountOf(context, text, old);
        count = most < 0 ? count : Math.Min(count, most);
        context.Grow(text.Length + (count * Math.Max(0L, (long)replacement.Length - old.Length)));
        if (old.Length == 0)
        {
            throw context.Fail("replace() of an empty string is not supported");
        }

        if (most < 0)
        {
            return text.Replace(old, replacement, StringComparison.Ordinal);
        }

        System.Text.StringBuilder result = new();
        int at = 0;
        for (; count > 0; count--)
        {
            int found = text.IndexOf(old, at, StringComparison.Ordinal);
            result.Append(text, at, found - at).Append(replacement);
            at = found + old.Length;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    public static string Join(RenderContext context, string separator, object items)
    {
        IReadOnlyList<object> parts = Operators.Items(context, items);
        foreach (object part in parts)
        {
            context.Grow(separator.Length + (long)Required(context, part).Length);
        }

        return string.Join(separator, parts);
    }

    private static object Plain(RenderContext context, string text, string name) => name switch
    {
        "upper" => context.Made(text.ToUpperInvariant()),
        "lower" => context.Made(text.ToLowerInvariant()),
        "title" => Title(context, text, isFilter: false),
        "capitalize" => Capitalize(context, text),
        "isdigit" => text.Length > 0 && text.All(char.IsDigit),
        "isalpha" => text.Length > 0 && text.All(char.IsLetter),
        "isalnum" => text.Length > 0 && text.All(char.IsLetterOrDigit),
        "isspace" => text.Length > 0 && text.All(PythonText.IsSpace),
        "isupper" => text.Any(char.IsUpper) && !text.Any(char.IsLower),
        _ => text.Any(char.IsLower) && !text.Any(char.IsUpper),
    };

    private static string Strip(RenderContext context, string text, string? characters, bool start, bool end)
    {
        int from = 0;
        int to = text.Length;
        while (start && from < to && Matches(text[from]))
        {
            from++;
        }

        while (end && to > from && Matches(text[to - 1]))
        {
            to--;
        }

        return text[from..to];

        bool Matches(char c)
        {
            context.Spend(characters?.Length ?? 0);
            return characters is null ? PythonText.IsSpace(c) : characters.Contains(c, StringComparison.Ordinal);
        }
    }

    private static ListValue Split(RenderContext context, string text, object?[] values, bool fromEnd)
    {
        string? separator = Optional(context, values[0]);
        if (separator is { Length: 0 })
        {
            throw context.Fail("the separator of split() is empty");
        }

        long most = Count(context, values[1]) is >= 0 and long given ? given : long.MaxValue;
        context.Grow(text.Length);
        List<object> parts = separator is null ? SplitAtSpace(text, most, fromEnd) : SplitAt(context, text, separator, most, fromEnd);
        context.Grow(parts.Count);
        return new(parts);
    }

    private static List<object> SplitAt(RenderContext context, string text, string separator, long most, bool fromEnd)
    {
        Comparing.SpendSearch(context, text, separator);
        List<object> parts = [];
        int start = 0;
        int end = text.Length;
        while (parts.Count < most)
        {
            int found = fromEnd ? text.AsSpan(start, end - start).LastIndexOf(separator) : text.IndexOf(separator, start, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            parts.Add(fromEnd ? text[(found + separator.Length)..end] : text[start..found]);
            (start, end) = fromEnd ? (start, found) : (found + separator.Length, end);
        }

        parts.Add(text[start..end]);
        if (fromEnd)
        {
            parts.Reverse();
        }

        return parts;
    }

    private static List<object> SplitAtSpace(string text, long most, bool fromEnd)
    {
        List<object> parts = [];
        string rest = fromEnd ? PythonText.TrimEnd(text) : PythonText.TrimStart(text);
        int start = 0;
        int end = rest.Length;
        while (start < end && parts.Count < most)
        {
            int at = fromEnd ? end - 1 : start;
            while (at >= start && at < end && !PythonText.IsSpace(rest[at]))
            {
                at += fromEnd ? -1 : 1;
            }

            parts.Add(fromEnd ? rest[(at + 1)..end] : rest[start..at]);
            while (at >= start && at < end && PythonText.IsSpace(rest[at]))
            {
                at += fromEnd ? -1 : 1;
            }

            (start, end) = fromEnd ? (start, at + 1) : (at, end);
        }

        if (start < end)
        {
            parts.Add(rest[start..end]);
        }

        if (fromEnd)
        {
            parts.Reverse();
        }

        return parts;
    }

    private static ListValue SplitLines(RenderContext context, string text, object? keepsEnds)
    {
        context.Grow(text.Length);
        bool keeps = keepsEnds is not null && Comparing.IsTrue(keepsEnds);
        List<object> lines = [];
        for (int start = 0; start < text.Length;)
        {
            int end = text.AsSpan(start).IndexOfAny(LineEnds);
            end = end < 0 ? text.Length : start + end;
            int next = end == text.Length ? end : text.AsSpan(end).StartsWith("\r\n") ? end + 2 : end + 1;
            lines.Add(text[start..(keeps ? next : end)]);
            start = next;
        }

        context.Grow(lines.Count);
        return new(lines);
    }

    private static bool StartsOrEnds(RenderContext context, string text, object? affix, bool starts)
    {
        if (affix is ListValue { IsTuple: true } several)
        {
            return several.Items.Any(item => StartsOrEnds(context, text, Required(context, item), starts));
        }

        string one = Required(context, affix);
        context.Spend(one.Length);
        return starts ? text.StartsWith(one, StringComparison.Ordinal) : text.EndsWith(one, StringComparison.Ordinal);
    }

    private static long Find(RenderContext context, string text, string part, string name)
    {
        Comparing.SpendSearch(context, text, part);
        int found = name == "rfind" ? text.LastIndexOf(part, StringComparison.Ordinal) : text.IndexOf(part, StringComparison.Ordinal);
        return found >= 0 ? new CodePoints(context, text).IndexOf(found)
            : name == "index" ? throw context.Fail("the string does not have that part")
            : -1;
    }

    private static long CountOf(RenderContext context, string text, string part)
    {
        Comparing.SpendSearch(context, text, part);
        return part.Length == 0 ? new CodePoints(context, text).Count + 1L : text.AsSpan().Count(part);
    }

    private static ListValue Partition(RenderContext context, string text, string separator, bool fromEnd)
    {
        if (separator.Length == 0)
        {
            throw context.Fail("the separator of partition() is empty");
        }

        Comparing.SpendSearch(context, text, separator);
        context.Grow(text.Length + (long)separator.Length);
        int at = fromEnd ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        object[] parts = at >= 0 ? [text[..at], separator, text[(at + separator.Length)..]]
            : fromEnd ? ["", "", text]
            : [text, "", ""];
        return new(parts, isTuple: true);
    }

    private static string Required(RenderContext context, object? value) => value switch
    {
        string text => text,
        null => throw context.Fail("an argument is missing"),
        UndefinedValue missing => throw context.Fail(missing.Describe()),
        _ => throw context.Fail($"expected a string, found {PythonText.Describe(value)}"),
    };

    private static string? Optional(RenderContext context, object? value) => value is null or NoneValue ? null : Required(context, value);

    private static long Count(RenderContext context, object? value) => value switch
    {
        null => -1,
        long count => count,
        _ => throw context.Fail($"expected a count, found {PythonText.Describe(value)}"),
    };
}
