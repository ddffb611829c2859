using System.Buffers;
using System.Text.RegularExpressions;

namespace MobileQuant.Text;

/// <summary>Receives the spans of a text in order.</summary>
/// <param name="span">A span, never empty.</param>
/// <param name="isMatch">Whether the pattern matched it.</param>
internal delegate void PatternSpanReceiver(Range span, bool isMatch);

/// <summary>A pattern of tokenizer.json: a literal, or a regular expression of Oniguruma read over code points.</summary>
internal sealed class TextPattern
{
    private const int LongestExpression = 4096;

    // Far more than an honest pattern needs for its next match; a hostile one may backtrack for ever.
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(10);

    private readonly string _path;
    private readonly string? _literal;
    private readonly Regex? _expression;

    private TextPattern(string path, string? literal, Regex? expression)
    {
        _path = path;
        _literal = literal;
        _expression = expression;
    }

    /// <summary>Reads <c>{"String": ...}</c> or <c>{"Regex": ...}</c>.</summary>
    public static TextPattern Read(JsonPart part)
    {
        part.AllowOnly("String", "Regex");
        if (part.Optional("String") is { } literal)
        {
            return literal.Text.Length > 0
                ? new TextPattern(literal.Path, literal.Text, null)
                : throw TokenizerErrors.Unsupported(literal.Path, "an empty pattern");
        }

        JsonPart expression = part.Required("Regex");
        return FromExpression(expression.Text, expression.Path);
    }

    public static TextPattern FromExpression(string expression, string path)
    {
        if (KnownPatterns.Find(expression) is { } known)
        {
            return new TextPattern(path, null, known);
        }

        if (expression.Length is 0 or > LongestExpression)
        {
            throw TokenizerErrors.Pattern(path, $"the pattern has {expression.Length} characters, expected 1 to {LongestExpression}");
        }

        if (PatternDialect.FindDifference(expression) is { } difference)
        {
            throw TokenizerErrors.Pattern(path, $"the pattern '{expression}' uses {difference}, which is not supported");
        }

        if (CodePointShadow.IsNeededFor(expression))
        {
            throw TokenizerErrors.Pattern(path, $"the pattern '{expression}' names characters above U+FFFF, which is not supported");
        }

        try
        {
            // In Oniguruma ^ and $ always match at line breaks.
            return new TextPattern(path, null, new Regex(expression, RegexOptions.CultureInvariant | RegexOptions.Multiline, MatchTimeout));
        }
        catch (ArgumentException e)
        {
            throw TokenizerErrors.Pattern(path, $"the pattern cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Cuts <paramref name="text"/> into matches and the text between them.</summary>
    public void Split(ReadOnlySpan<char> text, PatternSpanReceiver receive)
    {
        if (_literal is not null)
        {
            SplitByLiteral(text, receive);
            return;
        }

        try
        {
            if (CodePointShadow.IsNeededFor(text))
            {
                SplitByShadow(text, receive);
            }
            else
            {
                SplitByExpression(text, receive);
            }
        }
        catch (RegexMatchTimeoutException e)
        {
            throw TokenizerErrors.Pattern(_path, $"the pattern took more than {MatchTimeout.TotalSeconds:F0} s to find a match", e);
        }
    }

    /// <summary>Replaces every match by <paramref name="content"/>, taken literally.</summary>
    public string Replace(string text, string content)
    {
        if (_literal is not null)
        {
            return text.Replace(_literal, content, StringComparison.Ordinal);
        }

        System.Text.StringBuilder result = new(text.Length);
        Split(text, (span, isMatch) => result.Append(isMatch ? content : text.AsSpan(span)));
        return result.ToString();
    }

    private static void Emit(PatternSpanReceiver receive, ref int done, int start, int end)
    {
        if (start > done)
        {
            receive(done..start, false);
        }

        if (end > start)
        {
            receive(start..end, true);
        }

        done = end;
    }

    private void SplitByLiteral(ReadOnlySpan<char> text, PatternSpanReceiver receive)
    {
        int done = 0;
        while (text[done..].IndexOf(_literal, StringComparison.Ordinal) is int skip and >= 0)
        {
            Emit(receive, ref done, done + skip, done + skip + _literal!.Length);
        }

        Emit(receive, ref done, text.Length, text.Length);
    }

    private void SplitByExpression(ReadOnlySpan<char> text, PatternSpanReceiver receive)
    {
        int done = 0;
        foreach (ValueMatch match in _expression!.EnumerateMatches(text))
        {
            Emit(receive, ref done, match.Index, match.Index + match.Length);
        }

        Emit(receive, ref done, text.Length, text.Length);
    }

    private void SplitByShadow(ReadOnlySpan<char> text, PatternSpanReceiver receive)
    {
        char[] rented = ArrayPool<char>.Shared.Rent(text.Length);
        try
        {
            ReadOnlySpan<char> shadow = rented.AsSpan(0, CodePointShadow.Write(text, rented));
            int done = 0;
            int shadowAt = 0;
            int at = 0;
            foreach (ValueMatch match in _expression!.EnumerateMatches(shadow))
            {
                int start = at + CodePointShadow.LengthOf(text[at..], match.Index - shadowAt);
                at = start + CodePointShadow.LengthOf(text[start..], match.Length);
                shadowAt = match.Index + match.Length;
                Emit(receive, ref done, start, at);
            }

            Emit(receive, ref done, text.Length, text.Length);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(rented);
        }
    }
}
