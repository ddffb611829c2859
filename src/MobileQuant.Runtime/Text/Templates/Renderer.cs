using System.Text;

namespace MobileQuant.Text.Templates;

/// <summary>Renders statements. It sees the values that it is given and nothing else: no types, files or environment.</summary>
internal sealed class Renderer
{
    private readonly RenderContext _context;
    private readonly Evaluator _evaluator;

    private Renderer(RenderContext context)
    {
        _context = context;
        _evaluator = new(context);
    }

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    /// <summary>Renders a template.</summary>
    /// <param name="statements">The template.</param>
    /// <param name="variables">What it may see.</param>
    /// <param name="clock">What time it is.</param>
    /// <exception cref="MobileQuantException">MQ2121 to MQ2123.</exception>
    public static string Render(IReadOnlyList<Statement> statements, IEnumerable<KeyValuePair<string, object>> variables, TimeProvider clock)
    {
        Scope scope = new(null);
        foreach ((string name, object value) in variables)
        {
            scope.Set(name, value);
        }

        StringBuilder output = new();
        new Renderer(new RenderContext(clock)).Run(statements, scope, output);
        return output.ToString();
    }

    private Flow Run(IReadOnlyList<Statement> statements, Scope scope, StringBuilder output)
    {
        _context.Enter();
        Flow flow = Flow.Next;
        for (int i = 0; i < statements.Count && flow == Flow.Next; i++)
        {
            flow = Run(statements[i], scope, output);
        }

        _context.Leave();
        return flow;
    }

    private Flow Run(Statement statement, Scope scope, StringBuilder output)
    {
        _context.Line = statement.Line;
        _context.Spend();
        switch (statement)
        {
            case Statement.Data data:
                Write(data.Text, output);
                break;
            case Statement.Output expression:
                Write(PythonText.Of(_context, _evaluator.Evaluate(expression.Value, scope)), output);
                break;
            case Statement.If choice:
                return RunIf(choice, scope, output);
            case Statement.For loop:
                return RunFor(loop, scope, output);
            case Statement.Break:
                return Flow.Break;
            case Statement.Continue:
                return Flow.Continue;
            case Statement.Set set:
                Assign(set.Target, _evaluator.Evaluate(set.Value, scope), scope);
                break;
            case Statement.SetBlock set:
                Assign(set.Target, Capture(set.Body, set.Filter, scope), scope);
                break;
            case Statement.FilterBlock block:
                Write(PythonText.Of(_context, Capture(block.Body, block.Filter, scope)), output);
                break;
            case Statement.Macro macro:
                scope.Set(macro.Name, Define(macro, scope));
                break;
            case Statement.CallBlock block:
                Write(PythonText.Of(_context, _evaluator.Call(block.Call, scope, Define(block.Caller, scope))), output);
                break;
            case Statement.Scoped block:
                return RunScoped(block, scope, output);
            default:
                throw _context.Fail("a statement of this kind is not supported");
        }

        return Flow.Next;
    }

    private void Write(string text, StringBuilder output)
    {
        _context.Grow(text.Length);
        output.Append(text);
    }

    private Flow RunIf(Statement.If choice, Scope scope, StringBuilder output)
    {
        foreach ((Expression test, IReadOnlyList<Statement> body) in choice.Branches)
        {
            if (Comparing.IsTrue(_evaluator.Evaluate(test, scope)))
            {
                return Run(body, scope, output);
            }
        }

        return Run(choice.Otherwise, scope, output);
    }

    private Flow RunFor(Statement.For loop, Scope scope, StringBuilder output)
    {
        IReadOnlyList<object> items = Operators.Items(_context, _evaluator.Evaluate(loop.Source, scope));
        if (loop.Condition is { } condition)
        {
            List<object> kept = [];
            foreach (object item in items)
            {
                Scope inner = new(scope);
                Assign(loop.Target, item, inner);
                if (Comparing.IsTrue(_evaluator.Evaluate(condition, inner)))
                {
                    _context.Grow(1);
                    kept.Add(item);
                }
            }

            items = kept;
        }

        bool hasFinished = false;
        LoopValue state = new(items);
        for (int i = 0; i < items.Count; i++)
        {
            _context.Spend(scope.Depth);
            state.Index = i;
            Scope inner = new(scope);
            inner.Set("loop", state);
            Assign(loop.Target, items[i], inner);
            Flow flow = Run(loop.Body, inner, output);
            if (flow == Flow.Break)
            {
                break;
            }

            hasFinished |= flow == Flow.Next;
        }

        // As in Jinja, whose else also runs where every round was broken off.
        return hasFinished ? Flow.Next : Run(loop.Otherwise, new(scope), output);
    }

    private Flow RunScoped(Statement.Scoped block, Scope scope, StringBuilder output)
    {
        Scope inner = new(scope);
        foreach ((AssignmentTarget target, Expression value) in block.Variables)
        {
            Assign(target, _evaluator.Evaluate(value, scope), inner);
        }

        return Run(block.Body, inner, output);
    }

    private object Capture(IReadOnlyList<Statement> body, Expression.Filter? filter, Scope scope)
    {
        StringBuilder text = new();
        Run(body, new(scope), text);
        string captured = text.ToString();
        return filter is null ? captured : _evaluator.FilterChain(filter, captured, scope);
    }

    private void Assign(AssignmentTarget target, object value, Scope scope)
    {
        switch (target)
        {
            case AssignmentTarget.Variable variable:
                scope.Set(variable.Name, value);
                break;
            case AssignmentTarget.Member member:
                NamespaceValue space = scope.Find(member.Name) as NamespaceValue ?? throw _context.Fail($"'{member.Name}' is no namespace, whose members alone can be set");
                space.Members[member.Attribute] = value;
                break;
            case AssignmentTarget.Tuple tuple:
                IReadOnlyList<object> items = Operators.Items(_context, value);
                if (items.Count != tuple.Items.Count)
                {
                    throw _context.Fail($"{tuple.Items.Count} variables cannot take {items.Count} values");
                }

                for (int i = 0; i < items.Count; i++)
                {
                    Assign(tuple.Items[i], items[i], scope);
                }

                break;
        }
    }

    private FunctionValue Define(Statement.Macro macro, Scope scope) => new(macro.Name, (_, arguments) => Invoke(macro, scope, arguments));

    private string Invoke(Statement.Macro macro, Scope scope, CallArguments arguments)
    {
        Scope inner = new(scope);
        if (arguments.Named.TryGetValue("caller", out object? caller) && macro.Parameters.All(parameter => parameter.Name != "caller"))
        {
            inner.Set("caller", caller);
            arguments = arguments with { Named = arguments.Named.Where(argument => argument.Key != "caller").ToDictionary(StringComparer.Ordinal) };
        }

        object?[] values = arguments.Bind(_context, [.. macro.Parameters.Select(parameter => parameter.Name)]);
        for (int i = 0; i < values.Length; i++)
        {
            (string name, Expression? fallback) = macro.Parameters[i];
            inner.Set(name, values[i] ?? (fallback is null ? new UndefinedValue(name) : _evaluator.Evaluate(fallback, inner)));
        }

        StringBuilder text = new();
        Run(macro.Body, inner, text);
        return text.ToString();
    }
}
