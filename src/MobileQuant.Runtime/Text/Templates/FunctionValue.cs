namespace MobileQuant.Text.Templates;

/// <summary>Something that can be called: a global function, a method bound to its value, or a macro.</summary>
/// <param name="name">For messages.</param>
/// <param name="invoke">The body.</param>
internal sealed class FunctionValue(string name, Func<RenderContext, CallArguments, object> invoke)
{
    public string Name => name;

    public object Invoke(RenderContext context, CallArguments arguments) => invoke(context, arguments);
}
