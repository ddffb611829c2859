namespace MobileQuant.Text.Templates;

/// <summary>What a token of a template is.</summary>
internal enum TokenKind
{
    /// <summary>Text between tags.</summary>
    Data,

    /// <summary>The start of a statement.</summary>
    BlockBegin,

    /// <summary>The end of a statement.</summary>
    BlockEnd,

    /// <summary>The start of a printed expression.</summary>
    VariableBegin,

    /// <summary>The end of a printed expression.</summary>
    VariableEnd,

    /// <summary>An identifier or keyword.</summary>
    Name,

    /// <summary>A string, unescaped.</summary>
    Text,

    /// <summary>An integer; the value is a <see cref="long"/>.</summary>
    Integer,

    /// <summary>A number with a fraction or exponent; the value is a <see cref="double"/>.</summary>
    Float,

    /// <summary>Punctuation of one or two characters.</summary>
    Operator,

    /// <summary>The end of the source.</summary>
    End,
}
