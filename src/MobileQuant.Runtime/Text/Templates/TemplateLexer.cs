using System.Globalization;

namespace MobileQuant.Text.Templates;

/// <summary>
/// Cuts a template into tokens, with the white space rules of a Jinja environment that has <c>trim_blocks</c> and
/// <c>lstrip_blocks</c> on, as chat templates are written for: the newline after a statement or comment goes, and so does the
/// indentation before one that begins its line.
/// </summary>
internal sealed class TemplateLexer
{
    /// <summary>The longest source that is read; the longest published templates hold some 20,000 characters.</summary>
    public const int LargestSource = 1 << 18;

    private static readonly string[] LongOperators = ["//", "**", "==", "!=", ">=", "<="];

    private readonly string _source;
    private readonly List<TemplateToken> _tokens = [];
    private readonly Stack<char> _brackets = [];
    private int _at;
    private int _line = 1;
    private int _counted;
    private bool _lineStarts = true;

    private TemplateLexer(string source) => _source = source;

    /// <summary>Reads a whole template.</summary>
    /// <exception cref="MobileQuantException">MQ2120, MQ2122.</exception>
    public static List<TemplateToken> Read(string source)
    {
        if (source.Length > LargestSource)
        {
            throw TemplateErrors.Limit(1, $"the template has {source.Length} characters; at most {LargestSource} are read");
        }

        string text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        TemplateLexer lexer = new(text.EndsWith('\n') ? text[..^1] : text);
        lexer.ReadAll();
        return lexer._tokens;
    }

    private void ReadAll()
    {
        while (_at < _source.Length)
        {
            int begin = FindTag(_at);
            if (begin < 0)
            {
                Add(TokenKind.Data, _source[_at..]);
                _at = _source.Length;
                break;
            }

            char kind = _source[begin + 1];
            char sign = CharAt(begin + 2) is '-' or '+' ? CharAt(begin + 2) : '\0';
            AddDataBefore(begin, kind, sign);
            int line = Line(begin);
            _at = begin + 2 + (sign == '\0' ? 0 : 1);
            switch (kind)
            {
                case '#':
                    SkipComment(line);
                    break;
                case '%' when TryReadRawBegin():
                    ReadRaw(line);
                    break;
                case '%':
                    _tokens.Add(new(TokenKind.BlockBegin, "{%", null, line));
                    ReadExpression("%}", TokenKind.BlockEnd, line);
                    break;
                default:
                    _tokens.Add(new(TokenKind.VariableBegin, "{{", null, line));
                    ReadExpression("}}", TokenKind.VariableEnd, line);
                    break;
            }
        }

        _tokens.Add(new(TokenKind.End, "", null, Line(_at)));
    }

    private int FindTag(int from)
    {
        while (_source.IndexOf('{', from) is int at and >= 0 && at + 1 < _source.Length)
        {
            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }

            from = at + 1;
        }

        return -1;
    }

    private void AddDataBefore(int begin, char kind, char sign)
    {
        string text = _source[_at..begin];
        if (sign == '-')
        {
            text = PythonText.TrimEnd(text);
        }
        else if (sign != '+' && kind != '{')
        {
            // Only where nothing else stands on the line before the tag.
            int start = text.LastIndexOf('\n') + 1;
            if ((start > 0 || _lineStarts) && PythonText.TrimStart(text[start..]).Length == 0)
            {
                text = text[..start];
            }
        }

        Add(TokenKind.Data, text);
        _lineStarts = false;
    }

    private void SkipComment(int line)
    {
        int end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0)
        {
            throw TemplateErrors.Syntax(line, "the comment does not end");
        }

        char sign = end > _at ? _source[end - 1] : '\0';
        _at = end + 2;
        TrimAfterTag(sign, trimsNewline: true);
    }

    private bool TryReadRawBegin()
    {
        int at = SkipSpace(_at);
        if (!_source.AsSpan(at).StartsWith("raw", StringComparison.Ordinal))
        {
            return false;
        }

        at = SkipSpace(at + 3);
        bool strips = CharAt(at) == '-';
        at += strips ? 1 : 0;
        if (!_source.AsSpan(at).StartsWith("%}", StringComparison.Ordinal))
        {
            return false;
        }

        _at = at + 2;
        TrimAfterTag(strips ? '-' : '\0', trimsNewline: false);
        return true;
    }

    private void ReadRaw(int line)
    {
        for (int from = _at; _source.IndexOf("{%", from, StringComparison.Ordinal) is int begin and >= 0; from = begin + 2)
        {
            char sign = CharAt(begin + 2) is '-' or '+' ? CharAt(begin + 2) : '\0';
            int at = SkipSpace(begin + 2 + (sign == '\0' ? 0 : 1));
            if (!_source.AsSpan(at).StartsWith("endraw", StringComparison.Ordinal))
            {
                continue;
            }

            at = SkipSpace(at + 6);
            char endSign = CharAt(at) is '-' or '+' ? CharAt(at) : '\0';
            at += endSign == '\0' ? 0 : 1;
            if (_source.AsSpan(at).StartsWith("%}", StringComparison.Ordinal))
            {
                AddDataBefore(begin, '%', sign);
                _at = at + 2;
                TrimAfterTag(endSign, trimsNewline: true);
                return;
            }
        }

        throw TemplateErrors.Syntax(line, "the raw block does not end");
    }

    private void ReadExpression(string end, TokenKind endKind, int line)
    {
        _brackets.Clear();
        while (true)
        {
            _at = SkipSpace(_at);
            if (_at >= _source.Length)
            {
                throw TemplateErrors.Syntax(line, $"the tag does not end with '{end}'");
            }

            if (_brackets.Count == 0 && TryReadEnd(end, endKind))
            {
                return;
            }

            ReadToken();
        }
    }

    private bool TryReadEnd(string end, TokenKind kind)
    {
        char sign = CharAt(_at) is '-' || (CharAt(_at) is '+' && kind == TokenKind.BlockEnd) ? CharAt(_at) : '\0';
        int at = _at + (sign == '\0' ? 0 : 1);
        if (!_source.AsSpan(at).StartsWith(end, StringComparison.Ordinal))
        {
            return false;
        }

        _tokens.Add(new(kind, end, null, Line(_at)));
        _at = at + 2;
        TrimAfterTag(sign, trimsNewline: kind == TokenKind.BlockEnd);
        return true;
    }

    private void TrimAfterTag(char sign, bool trimsNewline)
    {
        int start = _at;
        if (sign == '-')
        {
            _at = SkipSpace(_at);
        }
        else if (trimsNewline && sign != '+' && CharAt(_at) == '\n')
        {
            _at++;
        }

        _lineStarts = _at > start && _source[_at - 1] == '\n';
    }

    private void ReadToken()
    {
        char c = _source[_at];
        if (char.IsAsciiDigit(c))
        {
            ReadNumber();
        }
        else if (c is '\'' or '"')
        {
            int line = Line(_at);
            Add(TokenKind.Text, StringLiteral.Read(_source, ref _at, line), line);
        }
        else if (c == '_' || char.IsLetter(c))
        {
            int start = _at;
            while (CharAt(_at) == '_' || char.IsLetterOrDigit(CharAt(_at)))
            {
                _at++;
            }

            Add(TokenKind.Name, _source[start.._at], Line(start));
        }
        else
        {
            ReadOperator();
        }
    }

    private void ReadOperator()
    {
        int line = Line(_at);
        string text = LongOperators.FirstOrDefault(o => string.CompareOrdinal(_source, _at, o, 0, 2) == 0) ?? _source[_at].ToString();
        if (text.Length == 1 && !"+-*/%~[](){}<>=.:|,;".Contains(text[0], StringComparison.Ordinal))
        {
            throw TemplateErrors.Syntax(line, $"unexpected character '{text}'");
        }

        switch (text)
        {
            case "(" or "[" or "{":
                _brackets.Push(text[0] == '(' ? ')' : text[0] == '[' ? ']' : '}');
                break;
            case ")" or "]" or "}":
                if (!_brackets.TryPop(out char expected) || expected != text[0])
                {
                    throw TemplateErrors.Syntax(line, $"unexpected '{text}'");
                }

                break;
        }

        _at += text.Length;
        Add(TokenKind.Operator, text, line);
    }

    private void ReadNumber()
    {
        int start = _at;
        int line = Line(start);
        SkipDigits();
        bool isFloat = false;

        // In messages.0.content the part after the dot is an index.
        if (_tokens[^1].IsOperator(".") is false && CharAt(_at) == '.' && char.IsAsciiDigit(CharAt(_at + 1)))
        {
            isFloat = true;
            _at++;
            SkipDigits();
        }

        int exponent = _at + (CharAt(_at + 1) is '+' or '-' ? 2 : 1);
        if (CharAt(_at) is 'e' or 'E' && char.IsAsciiDigit(CharAt(exponent)))
        {
            isFloat = true;
            _at = exponent;
            SkipDigits();
        }

        string text = _source[start.._at].Replace("_", "", StringComparison.Ordinal);
        if (isFloat && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) && double.IsFinite(real))
        {
            _tokens.Add(new(TokenKind.Float, text, real, line));
        }
        else if (!isFloat && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long integer) && !char.IsLetter(CharAt(_at)))
        {
            _tokens.Add(new(TokenKind.Integer, text, integer, line));
        }
        else
        {
            throw TemplateErrors.Syntax(line, "the number is not supported");
        }
    }

    private void SkipDigits()
    {
        while (char.IsAsciiDigit(CharAt(_at)) || (CharAt(_at) == '_' && char.IsAsciiDigit(CharAt(_at + 1))))
        {
            _at++;
        }
    }

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PythonText.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    private char CharAt(int index) => index < _source.Length ? _source[index] : '\0';

    private void Add(TokenKind kind, string text) => Add(kind, text, Line(_at));

    private void Add(TokenKind kind, string text, int line)
    {
        if (kind != TokenKind.Data || text.Length > 0)
        {
            _tokens.Add(new(kind, text, null, line));
        }
    }

    /// <summary>The line of a position; positions are asked for in nearly ascending order.</summary>
    private int Line(int position)
    {
        if (position < _counted)
        {
            return _line - _source.AsSpan(position, _counted - position).Count('\n');
        }

        _line += _source.AsSpan(_counted, position - _counted).Count('\n');
        _counted = position;
        return _line;
    }
}
