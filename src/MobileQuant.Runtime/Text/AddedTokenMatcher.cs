using System.Buffers;
using System.Globalization;
using System.Text;

namespace MobileQuant.Text;

/// <summary>Finds added tokens in a text: the leftmost match, and of those that start there the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<char, (string Pattern, AddedToken Token)[]> _byFirst;
    private readonly SearchValues<char> _first;

    /// <summary>Creates a matcher.</summary>
    /// <param name="patterns">What to look for, which for a normalized token is its normalized content; empty ones never match.</param>
    public AddedTokenMatcher(IEnumerable<(string Pattern, AddedToken Token)> patterns)
    {
        _byFirst = patterns
            .Where(entry => entry.Pattern.Length > 0)
            .GroupBy(entry => entry.Pattern[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(entry => entry.Pattern.Length).ToArray());
        _first = SearchValues.Create([.. _byFirst.Keys]);
    }

    /// <summary>Cuts <paramref name="text"/> into tokens and the text between them; a span without a token has a null one.</summary>
    public List<(Range Span, AddedToken? Token)> Split(ReadOnlySpan<char> text)
    {
        List<(Range Span, AddedToken? Token)> parts = [];
        int done = 0;
        int at = 0;
        while (at < text.Length && text[at..].IndexOfAny(_first) is int skip and >= 0)
        {
            at += skip;
            if (LongestAt(text[at..]) is not { } match)
            {
                at++;
                continue;
            }

            int start = at;
            int end = at += match.Pattern.Length;
            if (match.Token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..])))
            {
                continue;
            }

            if (match.Token.StripsLeft)
            {
                start = Math.Max(text[..start].TrimEnd().Length, done);
            }

            if (match.Token.StripsRight)
            {
                end = text.Length - text[end..].TrimStart().Length;
            }

            if (done < start)
            {
                parts.Add((done..start, null));
            }

            parts.Add((start..end, match.Token));
            done = end;
        }

        if (done < text.Length)
        {
            parts.Add((done..text.Length, null));
        }

        return parts;
    }

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool IsWord(Rune rune) => rune.Value is 0x200C or 0x200D || Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber or
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark or
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation;

    private (string Pattern, AddedToken Token)? LongestAt(ReadOnlySpan<char> text)
    {
        foreach ((string Pattern, AddedToken Token) entry in _byFirst[text[0]])
        {
            if (text.StartsWith(entry.Pattern, StringComparison.Ordinal))
            {
                return entry;
            }
        }

        return null;
    }
}
