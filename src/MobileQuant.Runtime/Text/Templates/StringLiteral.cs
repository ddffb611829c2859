using System.Globalization;
using System.Text;

namespace MobileQuant.Text.Templates;

/// <summary>Reads a quoted string with the escapes of Python.</summary>
internal static class StringLiteral
{
    /// <summary>Reads one; <paramref name="at"/> stands on the opening quote and is left behind the closing one.</summary>
    public static string Read(string source, ref int at, int line)
    {
        char quote = source[at++];
        StringBuilder text = new();
        while (at < source.Length)
        {
            char c = source[at++];
            if (c == quote)
            {
                return text.ToString();
            }

            if (c == '\\' && at < source.Length)
            {
                ReadEscape(source, ref at, line, text);
            }
            else
            {
                text.Append(c);
            }
        }

        throw TemplateErrors.Syntax(line, "the string does not end");
    }

    private static void ReadEscape(string source, ref int at, int line, StringBuilder text)
    {
        char c = source[at++];
        switch (c)
        {
            case '\n': break;
            case '\\' or '\'' or '"': text.Append(c); break;
            case 'n': text.Append('\n'); break;
            case 't': text.Append('\t'); break;
            case 'r': text.Append('\r'); break;
            case 'a': text.Append('\a'); break;
            case 'b': text.Append('\b'); break;
            case 'f': text.Append('\f'); break;
            case 'v': text.Append('\v'); break;
            case 'x': Append(ReadDigits(source, ref at, 2, line), line, text); break;
            case 'u': Append(ReadDigits(source, ref at, 4, line), line, text); break;
            case 'U': Append(ReadDigits(source, ref at, 8, line), line, text); break;
            case >= '0' and <= '7':
                int value = c - '0';
                for (int i = 0; i < 2 && at < source.Length && source[at] is >= '0' and <= '7'; i++)
                {
                    value = (value * 8) + source[at++] - '0';
                }

                text.Append((char)value);
                break;
            case 'N': throw TemplateErrors.Syntax(line, @"the escape \N is not supported");
            default: text.Append('\\').Append(c); break;
        }
    }

    private static int ReadDigits(string source, ref int at, int count, int line)
    {
        int end = Math.Min(at + count, source.Length);
        if (!int.TryParse(source.AsSpan(at, end - at), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) || end - at != count)
        {
            throw TemplateErrors.Syntax(line, "the escape is not complete");
        }

        at = end;
        return value;
    }

    private static void Append(int codePoint, int line, StringBuilder text)
    {
        if (codePoint is < 0 or > 0x10FFFF)
        {
            throw TemplateErrors.Syntax(line, "the escape is no code point");
        }

        // Halves of a surrogate pair are kept as they are: two escapes may spell one code point.
        text.Append(codePoint < 0x10000 ? ((char)codePoint).ToString() : char.ConvertFromUtf32(codePoint));
    }
}
