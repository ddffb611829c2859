namespace MobileQuant.Text.Templates;

/// <summary>
/// Python's None. The values of a template are objects of a closed set of types: this one, <see cref="UndefinedValue"/>, bool, long,
/// double, string, <see cref="ListValue"/>, <see cref="MapValue"/>, <see cref="NamespaceValue"/>, <see cref="LoopValue"/> and <see cref="FunctionValue"/>.
/// </summary>
internal sealed class NoneValue
{
    private NoneValue()
    {
    }

    public static NoneValue Instance { get; } = new();
}
