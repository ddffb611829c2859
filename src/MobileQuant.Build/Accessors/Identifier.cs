using System.Globalization;
using System.Text;

namespace MobileQuant.Build.Accessors;

/// <summary>Makes C# identifiers of names that are none.</summary>
internal static class Identifier
{
    // What a static property of that name would be taken for: the class itself, or a member that every class has.
    private static readonly string[] s_taken =
        [AccessorSource.ClassName, "Equals", "Finalize", "GetHashCode", "GetType", "MemberwiseClone", "ReferenceEquals", "ToString"];

    private static readonly HashSet<string> s_keywords = new(StringComparer.Ordinal)
    {
        "abstract", "as", "base", "bool", "break", "byte", "case", "catch", "char", "checked", "class", "const", "continue", "decimal", "default",
        "delegate", "do", "double", "else", "enum", "event", "explicit", "extern", "false", "finally", "fixed", "float", "for", "foreach", "goto", "if",
        "implicit", "in", "int", "interface", "internal", "is", "lock", "long", "namespace", "new", "null", "object", "operator", "out", "override",
        "params", "private", "protected", "public", "readonly", "ref", "return", "sbyte", "sealed", "short", "sizeof", "stackalloc", "static", "string",
        "struct", "switch", "this", "throw", "true", "try", "typeof", "uint", "ulong", "unchecked", "unsafe", "ushort", "using", "virtual", "void",
        "volatile", "while",
    };

    /// <summary>The property that stands for a model: <c>tiny-llama.v2</c> is <c>TinyLlamaV2</c>, <c>7b-v1.0</c> is <c>_7bV1_0</c>.</summary>
    public static string OfModel(string name)
    {
        StringBuilder identifier = new();
        bool startsWord = true;
        foreach (char c in name)
        {
            // Compilers ignore such characters (joiners, direction marks) in identifiers.
            if (char.GetUnicodeCategory(c) == UnicodeCategory.Format)
            {
                continue;
            }

            if (c == '_' || !IsPart(c))
            {
                startsWord = true;
                continue;
            }

            // Between numbers a sign is more than the end of a word: 1.10 is not 11.0.
            bool splitsNumber = startsWord && IsDigit(c) && identifier.Length > 0 && IsDigit(identifier[identifier.Length - 1]);
            identifier.Append(splitsNumber ? "_" : string.Empty).Append(startsWord ? char.ToUpperInvariant(c) : c);
            startsWord = false;
        }

        string text = identifier.Length == 0 ? "Model" : identifier.ToString();
        text = IsStart(text[0]) ? text : "_" + text;
        return Array.IndexOf(s_taken, text) < 0 ? text : text + "Model";
    }

    /// <summary>A namespace of a project's root namespace, which may be no more than a file name: <c>my-app.7</c> is <c>my_app._7</c>.</summary>
    /// <returns>The namespace; empty: the global one.</returns>
    public static string OfNamespace(string name) =>
        string.Join(".", name.Split(['.'], StringSplitOptions.RemoveEmptyEntries).Select(OfNamespacePart));

    private static string OfNamespacePart(string name)
    {
        string text = new([.. name.Trim().TrimStart('@').Select(c => IsPart(c) ? c : '_')]);
        text = text.Length > 0 && IsStart(text[0]) ? text : "_" + text;
        return s_keywords.Contains(text) ? "@" + text : text;
    }

    private static bool IsDigit(char c) => char.GetUnicodeCategory(c) == UnicodeCategory.DecimalDigitNumber;

    private static bool IsStart(char c) => c == '_' || char.IsLetter(c) || char.GetUnicodeCategory(c) == UnicodeCategory.LetterNumber;

    private static bool IsPart(char c) =>
        IsStart(c) || char.GetUnicodeCategory(c)
            is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
