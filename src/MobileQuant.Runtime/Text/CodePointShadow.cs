using System.Buffers;
using System.Globalization;
using System.Text;

namespace MobileQuant.Text;

/// <summary>
/// A copy of a text in which each surrogate pair is one character of the same general category. .NET patterns look at UTF-16 units,
/// where half a pair is never a letter or a number; over the shadow they see what a matcher of code points sees.
/// </summary>
internal static class CodePointShadow
{
    // One BMP character per general category, in the order of UnicodeCategory, chosen so that no pattern of a tokenizer names it.
    // The categories that no astral code point has (Zl, Zp, Cc, Cs) hold the replacement character.
    private static readonly char[] StandIns =
    [
        '\uA722', '\uA723', '\u01C5', '\u02B0', '\u01BB', // Lu Ll Lt Lm Lo
        '\u0301', '\u0903', '\u20DD', // Mn Mc Me
        '\u0660', '\u2160', '\u2460', // Nd Nl No
        '\u205F', '\uFFFD', '\uFFFD', '\uFFFD', '\u2061', '\uFFFD', '\uE000', // Zs Zl Zp Cc Cf Cs Co
        '\u203F', '\u2010', '\u2045', '\u2046', '\u201F', '\u203A', '\u2020', // Pc Pd Ps Pe Pi Pf Po
        '\u2200', '\u20A0', '\u02C2', '\u2300', '\u0378', // Sm Sc Sk So Cn
    ];

    public static char StandInFor(UnicodeCategory category) => StandIns[(int)category];

    public static bool IsNeededFor(ReadOnlySpan<char> text) => text.ContainsAnyInRange('\uD800', '\uDFFF');

    /// <summary>Writes the shadow of <paramref name="text"/>, which is no longer than it.</summary>
    /// <returns>Its length.</returns>
    public static int Write(ReadOnlySpan<char> text, Span<char> shadow)
    {
        int written = 0;
        while (!text.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf16(text, out Rune rune, out int consumed);
            shadow[written++] = status == OperationStatus.Done && rune.IsBmp ? text[0] : StandInFor(Rune.GetUnicodeCategory(rune));
            text = text[consumed..];
        }

        return written;
    }

    /// <summary>How many UTF-16 units of <paramref name="text"/> its first <paramref name="codePoints"/> code points are.</summary>
    public static int LengthOf(ReadOnlySpan<char> text, int codePoints)
    {
        int at = 0;
        for (; codePoints > 0; codePoints--)
        {
            at += at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;
        }

        return at;
    }
}
