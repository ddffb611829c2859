using System.Text.RegularExpressions;

namespace MobileQuant.Evaluation;

/// <summary>Pages, words and detokenization of raw WikiText, as the Language Model Evaluation Harness defines them.</summary>
internal static partial class WikitextPages
{
    private static readonly (string From, string To)[] Separators =
    [
        (" @-@ ", "-"), (" @,@ ", ","), (" @.@ ", "."),
        (" : ", ": "), (" ; ", "; "), (" . ", ". "), (" ! ", "! "), (" ? ", "? "), (" , ", ", "),
    ];

    private static readonly (string From, string To)[] Remainders =
    [
        ("= = = =", "===="), ("= = =", "==="), ("= =", "=="), (" \u00b0 ", "\u00b0"),
        (" \n", "\n"), ("\n ", "\n"), (" N ", " 1 "), (" 's", "'s"),
    ];

    /// <summary>Cuts before title lines, <c> = Title = </c>. Pages keep their line ends, so that together they are the text.</summary>
    public static IEnumerable<string> Split(string raw)
    {
        int page = 0;
        for (int line = 0; line < raw.Length;)
        {
            int end = raw.IndexOf('\n', line) is int found and >= 0 ? found + 1 : raw.Length;
            string title = raw[line..end].Replace("= = =", "===", StringComparison.Ordinal).Replace("= =", "==", StringComparison.Ordinal).Trim();
            if (title.StartsWith("= ", StringComparison.Ordinal) && title.EndsWith(" =", StringComparison.Ordinal))
            {
                if (!string.IsNullOrWhiteSpace(raw[page..line]))
                {
                    yield return raw[page..line];
                }

                page = line;
            }

            line = end;
        }

        if (!string.IsNullOrWhiteSpace(raw[page..]))
        {
            yield return raw[page..];
        }
    }

    /// <summary>Parts between runs of white space, an empty one at either end included.</summary>
    public static int CountWords(string page) => WhiteSpace().Count(page) + 1;

    /// <summary>Undoes the spaces that WikiText puts around punctuation.</summary>
    public static string Detokenize(string page)
    {
        string text = page.Replace("s '", "s'", StringComparison.Ordinal);
        text = Apply(text, Separators);
        text = Parentheses().Replace(text, "($1)");
        text = Brackets().Replace(text, "[$1]");
        text = Braces().Replace(text, "{$1}");
        text = DoubleQuotes().Replace(text, "\"$1\"");
        text = SingleQuotes().Replace(text, "'$1'");
        return Apply(text, Remainders);
    }

    private static string Apply(string text, (string From, string To)[] replacements)
    {
        foreach ((string from, string to) in replacements)
        {
            text = text.Replace(from, to, StringComparison.Ordinal);
        }

        return text;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

    [GeneratedRegex(@"\(\s*([^\)]*?)\s*\)")]
    private static partial Regex Parentheses();

    [GeneratedRegex(@"\[\s*([^\]]*?)\s*\]")]
    private static partial Regex Brackets();

    [GeneratedRegex(@"{\s*([^}]*?)\s*}")]
    private static partial Regex Braces();

    [GeneratedRegex("\"\\s*([^\"]*?)\\s*\"")]
    private static partial Regex DoubleQuotes();

    [GeneratedRegex(@"'\s*([^']*?)\s*'")]
    private static partial Regex SingleQuotes();
}
