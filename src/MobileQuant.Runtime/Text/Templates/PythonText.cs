using System.Globalization;
using System.Text;

namespace MobileQuant.Text.Templates;

/// <summary>Values as the text that Python makes of them (<c>str</c> and <c>repr</c>), and Python's idea of white space.</summary>
internal static class PythonText
{
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    public static string TrimStart(string text)
    {
        int start = 0;
        while (start < text.Length && IsSpace(text[start]))
        {
            start++;
        }

        return text[start..];
    }

    public static string TrimEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[..end];
    }

    public static string Trim(string text) => TrimStart(TrimEnd(text));

    /// <summary>What printing a value writes.</summary>
    public static string Of(RenderContext context, object value)
    {
        if (value is string or UndefinedValue)
        {
            return value as string ?? "";
        }

        StringBuilder result = new();
        AppendRepresentation(context, value, result);
        return result.ToString();
    }

    /// <summary>The value as Python source: strings are quoted.</summary>
    public static void AppendRepresentation(RenderContext context, object value, StringBuilder result)
    {
        context.Enter();
        int start = result.Length;
        switch (value)
        {
            case string text:
                context.Grow(text.Length);
                AppendQuoted(text, result);
                break;
            case bool flag:
                result.Append(flag ? "True" : "False");
                break;
            case long integer:
                result.Append(integer);
                break;
            case double number:
                result.Append(OfNumber(number));
                break;
            case NoneValue:
                result.Append("None");
                break;
            case UndefinedValue:
                result.Append("Undefined");
                break;
            case ListValue list:
                result.Append(list.IsTuple ? '(' : '[');
                for (int i = 0; i < list.Items.Count; i++)
                {
                    context.Grow(2);
                    result.Append(i == 0 ? "" : ", ");
                    AppendRepresentation(context, list.Items[i], result);
                }

                result.Append(list is { IsTuple: true, Items.Count: 1 } ? "," : "").Append(list.IsTuple ? ')' : ']');
                break;
            case MapValue map:
                result.Append('{');
                bool first = true;
                foreach ((object key, object member) in map.Members)
                {
                    context.Grow(4);
                    result.Append(first ? "" : ", ");
                    first = false;
                    AppendRepresentation(context, key, result);
                    result.Append(": ");
                    AppendRepresentation(context, member, result);
                }

                result.Append('}');
                break;
            default:
                throw context.Fail($"{Describe(value)} cannot be printed");
        }

        context.Spend(result.Length - start);
        context.Leave();
    }

    /// <summary>A value's kind, for messages.</summary>
    public static string Describe(object value) => value switch
    {
        string => "a string",
        bool => "a boolean",
        long => "an integer",
        double => "a number",
        NoneValue => "none",
        UndefinedValue undefined => undefined.Describe(),
        ListValue list => list.IsTuple ? "a tuple" : "a list",
        MapValue => "a mapping",
        NamespaceValue => "a namespace",
        LoopValue => "the loop",
        _ => "a function",
    };

    private static string OfNumber(double number)
    {
        if (!double.IsFinite(number))
        {
            return double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }

        // Both languages write the shortest digits that round-trip; they differ in where the point goes and when an exponent is used.
        string shortest = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture);
        int mark = shortest.IndexOf('E', StringComparison.Ordinal);
        string mantissa = mark < 0 ? shortest : shortest[..mark];
        int dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        int point = (dot < 0 ? mantissa.Length : dot) + (mark < 0 ? 0 : int.Parse(shortest.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
        string all = mantissa.Replace(".", "", StringComparison.Ordinal);
        string digits = all.TrimStart('0');
        point -= all.Length - digits.Length;
        digits = digits.TrimEnd('0');
        string sign = double.IsNegative(number) ? "-" : "";
        return digits.Length == 0 ? sign + "0.0"
            : point is <= -4 or > 16 ? string.Create(CultureInfo.InvariantCulture, $"{sign}{digits[0]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(point > 0 ? '+' : '-')}{Math.Abs(point - 1):00}")
            : point <= 0 ? sign + "0." + new string('0', -point) + digits
            : sign + digits.PadRight(point, '0').Insert(point, ".") + (digits.Length <= point ? "0" : "");
    }

    private static void AppendQuoted(string text, StringBuilder result)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        result.Append(quote);
        foreach (char c in text)
        {
            switch (c)
            {
                case '\n': result.Append("\\n"); break;
                case '\r': result.Append("\\r"); break;
                case '\t': result.Append("\\t"); break;
                case '\\': result.Append("\\\\"); break;
                default:
                    if (c == quote)
                    {
                        result.Append('\\').Append(c);
                    }
                    else if (c < ' ' || c is >= '\x7f' and <= '\xa0')
                    {
                        result.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
                    }
                    else
                    {
                        result.Append(c);
                    }

                    break;
            }
        }

        result.Append(quote);
    }
}
