using System.Text;

namespace MobileQuant.Text.Templates;

/// <summary>Gives the value of expressions.</summary>
internal sealed class Evaluator(RenderContext context)
{
    /// <summary>Evaluates an expression with the variables of a scope.</summary>
    public object Evaluate(Expression node, Scope scope)
    {
        context.Line = node.Line;
        context.Enter();
        object value = node switch
        {
            Expression.Literal literal => literal.Value,
            Expression.Variable variable => Find(variable.Name, scope),
            Expression.Attribute attribute => Member(attribute, scope),
            Expression.Item item => Operators.Item(context, Evaluate(item.Target, scope), Evaluate(item.Index, scope)),
            Expression.Slice slice => Operators.Slice(context, Evaluate(slice.Target, scope), Optional(slice.Start, scope), Optional(slice.Stop, scope), Optional(slice.Step, scope)),
            Expression.Call call => Call(call, scope, null),
            Expression.Filter filter => Filter(filter, Evaluate(filter.Target!, scope), scope),
            Expression.Predicate test => Test(test, scope),
            Expression.Not not => !Comparing.IsTrue(Evaluate(not.Operand, scope)),
            Expression.Sign sign => Operators.Sign(context, sign.IsNegative, Evaluate(sign.Operand, scope)),
            Expression.Logical logical => Logical(logical, scope),
            Expression.Arithmetic arithmetic => Operators.Apply(context, arithmetic.Operator, Evaluate(arithmetic.Left, scope), Evaluate(arithmetic.Right, scope)),
            Expression.Concatenation concatenation => Concatenate(concatenation, scope),
            Expression.Comparison comparison => Compare(comparison, scope),
            Expression.Conditional conditional => Choose(conditional, scope),
            Expression.Sequence sequence => new ListValue(All(sequence.Items, scope), sequence.IsTuple),
            Expression.Mapping mapping => Map(mapping, scope),
            _ => throw context.Fail("an expression of this kind is not supported"),
        };
        context.Leave();
        return value;
    }

    /// <summary>Applies a filter and those that it follows to a value.</summary>
    public object FilterChain(Expression.Filter filter, object value, Scope scope) =>
        Filter(filter, filter.Target is Expression.Filter inner ? FilterChain(inner, value, scope) : value, scope);

    /// <summary>Calls what an expression gives.</summary>
    /// <param name="call">The call.</param>
    /// <param name="scope">Its variables.</param>
    /// <param name="caller">What the callee may call back; null: nothing.</param>
    public object Call(Expression.Call call, Scope scope, FunctionValue? caller)
    {
        object target = Evaluate(call.Target, scope);
        CallArguments arguments = Arguments(NameOf(call.Target), call.Arguments, null, scope);
        if (caller is not null)
        {
            arguments = arguments with { Named = new Dictionary<string, object>(arguments.Named, StringComparer.Ordinal) { ["caller"] = caller } };
        }

        context.Line = call.Line;
        return target switch
        {
            FunctionValue function => function.Invoke(context, arguments),
            UndefinedValue missing => throw context.Fail(missing.Describe()),
            _ => throw context.Fail($"{PythonText.Describe(target)} cannot be called"),
        };
    }

    private static string NameOf(Expression target) => target switch
    {
        Expression.Variable variable => variable.Name,
        Expression.Attribute attribute => attribute.Name,
        _ => "the function",
    };

    private static object Find(string name, Scope scope) =>
        scope.Find(name) ?? GlobalFunctions.Find(name) ?? (object)new UndefinedValue(name);

    private object? Optional(Expression? node, Scope scope) => node is null ? null : Evaluate(node, scope);

    private object Member(Expression.Attribute attribute, Scope scope)
    {
        object target = Evaluate(attribute.Target, scope);
        context.Line = attribute.Line;
        return target switch
        {
            UndefinedValue missing => throw context.Fail(missing.Describe()),

            // A method hides an item of the same name, as in Python; written as a subscript, the item comes first.
            MapValue map => Methods.Find(map, attribute.Name) ?? Operators.Item(context, map, attribute.Name),
            _ => Methods.Find(target, attribute.Name) ?? new UndefinedValue(attribute.Name),
        };
    }

    private object Filter(Expression.Filter filter, object value, Scope scope)
    {
        CallArguments arguments = Arguments(filter.Name, filter.Arguments, value, scope);
        context.Line = filter.Line;
        return FilterTable.Apply(context, filter.Name, arguments);
    }

    private object Test(Expression.Predicate test, Scope scope)
    {
        CallArguments arguments = Arguments(test.Name, test.Arguments, Evaluate(test.Target, scope), scope);
        context.Line = test.Line;
        return PredicateTable.Holds(context, test.Name, arguments) != test.IsNegated;
    }

    private object Logical(Expression.Logical logical, Scope scope)
    {
        object left = Evaluate(logical.Left, scope);
        return Comparing.IsTrue(left) == logical.IsAnd ? Evaluate(logical.Right, scope) : left;
    }

    private string Concatenate(Expression.Concatenation concatenation, Scope scope)
    {
        StringBuilder text = new();
        foreach (Expression item in concatenation.Items)
        {
            text.Append(context.Made(PythonText.Of(context, Evaluate(item, scope))));
        }

        return text.ToString();
    }

    private bool Compare(Expression.Comparison comparison, Scope scope)
    {
        object left = Evaluate(comparison.First, scope);
        foreach ((string symbol, Expression operand) in comparison.Rest)
        {
            object right = Evaluate(operand, scope);
            context.Line = comparison.Line;
            bool holds = symbol switch
            {
                "==" => Comparing.AreEqual(context, left, right),
                "!=" => !Comparing.AreEqual(context, left, right),
                "in" => Comparing.Contains(context, right, left),
                "not in" => !Comparing.Contains(context, right, left),
                "<" => Comparing.Order(context, left, right) < 0,
                "<=" => Comparing.Order(context, left, right) <= 0,
                ">" => Comparing.Order(context, left, right) > 0,
                _ => Comparing.Order(context, left, right) >= 0,
            };
            if (!holds)
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private object Choose(Expression.Conditional conditional, Scope scope) =>
        Comparing.IsTrue(Evaluate(conditional.Test, scope)) ? Evaluate(conditional.Then, scope)
        : conditional.Otherwise is null ? new UndefinedValue("the inline if without an else")
        : Evaluate(conditional.Otherwise, scope);

    private MapValue Map(Expression.Mapping mapping, Scope scope)
    {
        MapValue map = new();
        foreach ((Expression keyNode, Expression valueNode) in mapping.Members)
        {
            object key = Evaluate(keyNode, scope);
            Comparing.SpendKey(context, key);
            map.Set(MapValue.IsKey(key) ? key : throw context.Fail($"{PythonText.Describe(key)} cannot be a key"), Evaluate(valueNode, scope));
        }

        return map;
    }

    private object[] All(IReadOnlyList<Expression> nodes, Scope scope)
    {
        object[] values = new object[nodes.Count];
        context.Grow(values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Evaluate(nodes[i], scope);
        }

        return values;
    }

    private CallArguments Arguments(string callee, ArgumentNodes nodes, object? first, Scope scope)
    {
        object[] positional = All(nodes.Positional, scope);
        Dictionary<string, object> named = new(StringComparer.Ordinal);
        foreach ((string name, Expression value) in nodes.Named)
        {
            if (!named.TryAdd(name, Evaluate(value, scope)))
            {
                throw context.Fail($"{callee} is given '{name}' twice");
            }
        }

        return new(callee, first is null ? positional : [first, .. positional], named);
    }
}
