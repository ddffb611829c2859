using System.Globalization;
using System.Text;

namespace MobileQuant.Text.Templates;

/// <summary>The function <c>strftime_now</c>: the local time in C's notation, with English names.</summary>
internal static class DateText
{
    public static string Of(RenderContext context, string format)
    {
        context.Grow(format.Length * 8L);
        DateTimeOffset now = context.Clock.GetLocalNow();
        StringBuilder text = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }

            bool isBare = i + 1 < format.Length && format[i + 1] == '-';
            i += isBare ? 2 : 1;
            string part = i < format.Length ? Part(now, format[i]) : "";
            if (part.Length == 0)
            {
                throw context.Fail($"the date format '{format}' is not supported");
            }

            text.Append(isBare ? part.TrimStart('0') is { Length: > 0 } bare ? bare : "0" : part);
        }

        return text.ToString();
    }

    private static string Part(DateTimeOffset now, char directive) => directive switch
    {
        'Y' => Format(now, "yyyy"),
        'y' => Format(now, "yy"),
        'm' => Format(now, "MM"),
        'd' => Format(now, "dd"),
        'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'H' => Format(now, "HH"),
        'I' => Format(now, "hh"),
        'M' => Format(now, "mm"),
        'S' => Format(now, "ss"),
        'p' => Format(now, "tt"),
        'B' => Format(now, "MMMM"),
        'b' => Format(now, "MMM"),
        'A' => Format(now, "dddd"),
        'a' => Format(now, "ddd"),
        'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'F' => Format(now, "yyyy-MM-dd"),
        'T' => Format(now, "HH:mm:ss"),
        '%' => "%",
        _ => "",
    };

    private static string Format(DateTimeOffset now, string format) => now.ToString(format, CultureInfo.InvariantCulture);
}
