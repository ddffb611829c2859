namespace MobileQuant.Text.Templates;

/// <summary>The tokens of a template with a place in them, and a bound on how deep they nest.</summary>
internal sealed class TokenStream(List<TemplateToken> tokens)
{
    /// <summary>Deepest nesting of blocks, brackets and operators; published templates stay under 20.</summary>
    public const int LargestDepth = 64;

    private int _at;
    private int _depth;

    public TemplateToken Current => tokens[_at];

    public TemplateToken Following => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public int Line => Current.Line;

    public TemplateToken Next()
    {
        TemplateToken token = Current;
        _at = Math.Min(_at + 1, tokens.Count - 1);
        return token;
    }

    public bool TryOperator(string text) => TrySkip(Current.IsOperator(text));

    public bool TryName(string text) => TrySkip(Current.IsName(text));

    public void ExpectOperator(string text)
    {
        if (!TryOperator(text))
        {
            throw Unexpected($"'{text}'");
        }
    }

    public string ExpectName(string what) => Current.Kind == TokenKind.Name ? Next().Text : throw Unexpected(what);

    public void Expect(TokenKind kind, string what)
    {
        if (!TrySkip(Current.Kind == kind))
        {
            throw Unexpected(what);
        }
    }

    public MobileQuantException Unexpected(string expected) =>
        TemplateErrors.Syntax(Line, $"expected {expected}, found {Current.Describe()}");

    /// <summary>Called at every step down, with <see cref="Leave"/> at the step up.</summary>
    public void Enter()
    {
        if (++_depth > LargestDepth)
        {
            throw TemplateErrors.Limit(Line, $"it is nested deeper than {LargestDepth} levels");
        }
    }

    public void Leave() => _depth--;

    private bool TrySkip(bool matches)
    {
        if (matches)
        {
            Next();
        }

        return matches;
    }
}
