using System.Globalization;
using System.Text;

namespace MobileQuant.Build.Tool;

/// <summary>
/// Reads one line of the tool's event stream: a flat JSON object of strings, numbers, true, false and null. The task assembly
/// loads into hosts with their own System.Text.Json versions, so it brings this instead of a dependency.
/// </summary>
internal sealed class JsonLine
{
    private readonly string _text;
    private int _at;

    private JsonLine(string text) => _text = text;

    /// <summary>Parses a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="values">Strings unescaped, other values as written, null for null.</param>
    /// <returns>False when the line is anything but one flat object.</returns>
    public static bool TryParse(string line, out IReadOnlyDictionary<string, string?> values)
    {
        Dictionary<string, string?> read = new(StringComparer.Ordinal);
        values = read;
        return new JsonLine(line).ReadObject(read);
    }

    private bool ReadObject(Dictionary<string, string?> values)
    {
        if (!Take('{'))
        {
            return false;
        }

        if (Take('}'))
        {
            return AtEnd();
        }

        do
        {
            if (!ReadString(out string? name) || !Take(':') || !ReadValue(out string? value))
            {
                return false;
            }

            values[name!] = value;
        }
        while (Take(','));

        return Take('}') && AtEnd();
    }

    private bool ReadValue(out string? value)
    {
        SkipSpace();
        if (_at < _text.Length && _text[_at] == '"')
        {
            return ReadString(out value);
        }

        int start = _at;
        while (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] is '-' or '+' or '.'))
        {
            _at++;
        }

        value = _text.Substring(start, _at - start);
        if (value == "null")
        {
            value = null;
            return true;
        }

        return value is "true" or "false"
            || double.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out _);
    }

    private bool ReadString(out string? value)
    {
        value = null;
        if (!Take('"'))
        {
            return false;
        }

        StringBuilder text = new();
        while (_at < _text.Length)
        {
            char c = _text[_at++];
            if (c == '"')
            {
                value = text.ToString();
                return true;
            }

            if (c < ' ' || (c == '\\' && !ReadEscape(out c)))
            {
                return false;
            }

            text.Append(c);
        }

        return false;
    }

    private bool ReadEscape(out char c)
    {
        c = '\0';
        if (_at >= _text.Length)
        {
            return false;
        }

        switch (_text[_at++])
        {
            case '"': c = '"'; return true;
            case '\\': c = '\\'; return true;
            case '/': c = '/'; return true;
            case 'b': c = '\b'; return true;
            case 'f': c = '\f'; return true;
            case 'n': c = '\n'; return true;
            case 'r': c = '\r'; return true;
            case 't': c = '\t'; return true;
            case 'u':
                if (_at + 4 > _text.Length || !ushort.TryParse(_text.Substring(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit))
                {
                    return false;
                }

                _at += 4;
                c = (char)unit;
                return true;
            default:
                return false;
        }
    }

    private bool Take(char c)
    {
        SkipSpace();
        if (_at >= _text.Length || _text[_at] != c)
        {
            return false;
        }

        _at++;
        return true;
    }

    private bool AtEnd()
    {
        SkipSpace();
        return _at == _text.Length;
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\r' or '\n')
        {
            _at++;
        }
    }
}
