namespace MobileQuant.Text.Templates;

/// <summary>A token of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text; of a string, what it means.</param>
/// <param name="Value">The number of an integer or float, else null.</param>
/// <param name="Line">The line that it begins on, from 1.</param>
internal readonly record struct TemplateToken(TokenKind Kind, string Text, object? Value, int Line)
{
    public bool IsOperator(string text) => Kind == TokenKind.Operator && Text == text;

    public bool IsName(string text) => Kind == TokenKind.Name && Text == text;

    public string Describe() => Kind switch
    {
        TokenKind.End => "the end of the template",
        TokenKind.BlockEnd => "'%}'",
        TokenKind.VariableEnd => "'}}'",
        TokenKind.Data or TokenKind.BlockBegin or TokenKind.VariableBegin => "text",
        TokenKind.Text => "a string",
        _ => $"'{(Text.Length > 40 ? Text[..40] + "..." : Text)}'",
    };
}
