namespace MobileQuant.Text.Templates;

/// <summary>A <c>namespace()</c>: variables that a template may change from within a loop.</summary>
internal sealed class NamespaceValue
{
    public Dictionary<string, object> Members { get; } = new(StringComparer.Ordinal);
}
