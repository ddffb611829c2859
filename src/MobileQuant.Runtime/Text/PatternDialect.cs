namespace MobileQuant.Text;

/// <summary>
/// Finds what .NET would read otherwise than Oniguruma, the engine that the patterns of a tokenizer.json are written for.
/// What .NET cannot read at all, such as possessive quantifiers, its parser refuses by itself.
/// </summary>
internal static class PatternDialect
{
    // \w and \b: other sets of word characters (Oniguruma counts all numbers, .NET counts joiners). The rest: other meanings.
    private const string DifferingEscapes = "wWbBhHRXKGkg";

    /// <summary>The first construct that is not read alike, or null.</summary>
    public static string? FindDifference(ReadOnlySpan<char> expression)
    {
        bool inClass = false;
        for (int i = 0; i < expression.Length; i++)
        {
            ReadOnlySpan<char> rest = expression[i..];
            switch (rest[0])
            {
                case '\\' when rest.Length > 1:
                    if (DifferingEscapes.Contains(rest[1]) || (rest.Length > 2 && rest[1] is 'x' or 'u' && rest[2] == '{'))
                    {
                        return $"\\{rest[1]}";
                    }

                    i++;
                    break;
                case '[' when inClass:
                    return "[ inside [ ]";
                case '&' when inClass && rest is ['&', '&', ..]:
                    return "&&";
                case '[':
                    inClass = true;
                    i += rest is ['[', '^', ']', ..] ? 2 : rest is ['[', ']', ..] ? 1 : 0;
                    break;
                case ']':
                    inClass = false;
                    break;
                case '{' when !inClass && rest is ['{', ',', ..]:
                    return "{,";
                case '(' when !inClass && DiffersInOptions(rest):
                    return "(? with options other than i";
            }
        }

        return null;
    }

    private static bool DiffersInOptions(ReadOnlySpan<char> group)
    {
        if (group is not ['(', '?', ..])
        {
            return false;
        }

        // Oniguruma's m is .NET's s. Names, assertions and comments do not start with a letter.
        foreach (char option in group[2..])
        {
            if (!char.IsAsciiLetter(option) && option != '-')
            {
                break;
            }

            if (option is not ('i' or '-'))
            {
                return true;
            }
        }

        return false;
    }
}
