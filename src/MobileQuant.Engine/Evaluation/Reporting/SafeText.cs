using System.Net;
using System.Text;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>
/// Text from outside (model names, tokens, settings) for documents. What would not be seen is shown as its code: control characters,
/// halves of surrogate pairs, and marks that turn the direction of what follows.
/// </summary>
internal static class SafeText
{
    /// <summary>For HTML and SVG, in elements and in quoted attributes.</summary>
    public static string Html(string text) => WebUtility.HtmlEncode(Visible(text));

    /// <summary>For a cell or a paragraph of Markdown: one line, no markup.</summary>
    public static string Markdown(string text)
    {
        StringBuilder result = new();
        foreach (char character in Visible(text))
        {
            result.Append(character switch
            {
                '<' => "&lt;",
                '>' => "&gt;",
                '|' or '`' or '[' or ']' or '*' or '\\' => $"\\{character}",
                _ => character.ToString(),
            });
        }

        return result.ToString();
    }

    /// <summary>At most so many characters, the last an ellipsis where some are left out.</summary>
    public static string Shortened(string text, int length) => text.Length <= length ? text : $"{text[..(length - 1)]}\u2026";

    private static string Visible(string text)
    {
        StringBuilder result = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool hidden = Rune.IsControl(rune) || rune == Rune.ReplacementChar || rune.Value is (>= 0x200B and <= 0x200F) or (>= 0x2028 and <= 0x202E) or (>= 0x2060 and <= 0x206F) or 0xFEFF;
            result.Append(hidden ? $"\\u{rune.Value:x4}" : rune.ToString());
        }

        return result.ToString();
    }
}
