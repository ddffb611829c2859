using System.Globalization;
using System.Text;

namespace MobileQuant.Text.Templates;

/// <summary>The filter <c>tojson</c> as chat templates expect it: Python's <c>json.dumps</c>, characters outside of ASCII kept.</summary>
internal static class JsonText
{
    private const int LargestIndent = 16;

    public static string Of(RenderContext context, CallArguments arguments)
    {
        object?[] values = arguments.Bind(context, "value", "ensure_ascii", "indent", "separators", "sort_keys");
        if (values[1] is { } ascii && Comparing.IsTrue(ascii))
        {
            throw context.Fail("tojson with ensure_ascii is not supported");
        }

        long? indent = values[2] switch
        {
            null or NoneValue => null,
            long count and >= 0 and <= LargestIndent => count,
            _ => throw context.Fail($"the indentation of tojson must be a number up to {LargestIndent}"),
        };
        (string item, string key) = values[3] switch
        {
            null or NoneValue => (indent is null ? ", " : ",", ": "),
            ListValue { Items: [string a, string b] } => (a, b),
            _ => throw context.Fail("the separators of tojson must be two strings"),
        };
        StringBuilder result = new();
        new Writer(context, result, indent, item, key, values[4] is { } sort && Comparing.IsTrue(sort)).Write(values[0]!, 0);
        return result.ToString();
    }

    private sealed record Writer(RenderContext Context, StringBuilder Result, long? Indent, string ItemSeparator, string KeySeparator, bool SortsKeys)
    {
        public void Write(object value, int level)
        {
            Context.Enter();
            switch (value)
            {
                case string text:
                    WriteText(text);
                    break;
                case bool flag:
                    Result.Append(flag ? "true" : "false");
                    break;
                case NoneValue:
                    Result.Append("null");
                    break;
                case long integer:
                    Result.Append(integer);
                    break;
                case double number:
                    Result.Append(double.IsNaN(number) ? "NaN" : double.IsInfinity(number) ? (number > 0 ? "Infinity" : "-Infinity") : PythonText.Of(Context, number));
                    break;
                case ListValue list:
                    WriteAll('[', list.Items, ']', level, Write);
                    break;
                case MapValue map:
                    IEnumerable<KeyValuePair<object, object>> members = SortsKeys ? Comparing.Sort(Context, map.Members, member => member.Key) : map.Members;
                    WriteAll('{', [.. members], '}', level, (member, inner) =>
                    {
                        WriteText(NameOf(member.Key));
                        Result.Append(KeySeparator);
                        Write(member.Value, inner);
                    });
                    break;
                default:
                    throw Context.Fail(value is UndefinedValue undefined ? undefined.Describe() : $"{PythonText.Describe(value)} has no JSON form");
            }

            Context.Leave();
        }

        private void WriteAll<T>(char begin, IReadOnlyList<T> items, char end, int level, Action<T, int> write)
        {
            Result.Append(begin);
            for (int i = 0; i < items.Count; i++)
            {
                Context.Grow(ItemSeparator.Length + KeySeparator.Length);
                Result.Append(i == 0 ? "" : ItemSeparator);
                NewLine(level + 1);
                write(items[i], level + 1);
            }

            if (items.Count > 0)
            {
                NewLine(level);
            }

            Result.Append(end);
        }

        private void NewLine(int level)
        {
            if (Indent is { } width)
            {
                Context.Grow(1 + (width * level));
                Result.Append('\n').Append(' ', (int)width * level);
            }
        }

        private string NameOf(object key) => key switch
        {
            bool flag => flag ? "true" : "false",
            NoneValue => "null",
            _ => PythonText.Of(Context, key),
        };

        private void WriteText(string text)
        {
            Context.Grow(text.Length + 2);
            Result.Append('"');
            foreach (char c in text)
            {
                switch (c)
                {
                    case '"': Result.Append("\\\""); break;
                    case '\\': Result.Append("\\\\"); break;
                    case '\n': Result.Append("\\n"); break;
                    case '\r': Result.Append("\\r"); break;
                    case '\t': Result.Append("\\t"); break;
                    case '\b': Result.Append("\\b"); break;
                    case '\f': Result.Append("\\f"); break;
                    case < ' ': Result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"); break;
                    default: Result.Append(c); break;
                }
            }

            Result.Append('"');
        }
    }
}
