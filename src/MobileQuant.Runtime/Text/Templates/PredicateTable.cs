namespace MobileQuant.Text.Templates;

/// <summary>What Jinja calls tests, by name: <c>value is name(arguments)</c>.</summary>
internal static class PredicateTable
{
    private static readonly Dictionary<string, Func<RenderContext, CallArguments, bool>> Predicates = new(StringComparer.Ordinal)
    {
        ["defined"] = (context, arguments) => Only(context, arguments) is not UndefinedValue,
        ["undefined"] = (context, arguments) => Only(context, arguments) is UndefinedValue,
        ["none"] = (context, arguments) => Only(context, arguments) is NoneValue,
        ["string"] = (context, arguments) => Only(context, arguments) is string,
        ["mapping"] = (context, arguments) => Only(context, arguments) is MapValue,
        ["iterable"] = (context, arguments) => Only(context, arguments) is string or ListValue or MapValue or UndefinedValue,
        ["sequence"] = (context, arguments) => Only(context, arguments) is string or ListValue or MapValue or UndefinedValue,
        ["number"] = (context, arguments) => Only(context, arguments) is long or double or bool,
        ["integer"] = (context, arguments) => Only(context, arguments) is long,
        ["float"] = (context, arguments) => Only(context, arguments) is double,
        ["boolean"] = (context, arguments) => Only(context, arguments) is bool,
        ["true"] = (context, arguments) => Only(context, arguments) is true,
        ["false"] = (context, arguments) => Only(context, arguments) is false,
        ["callable"] = (context, arguments) => Only(context, arguments) is FunctionValue,
        ["odd"] = (context, arguments) => Remainder(context, Only(context, arguments), 2) == 1,
        ["even"] = (context, arguments) => Remainder(context, Only(context, arguments), 2) == 0,
        ["divisibleby"] = (context, arguments) => Two(context, arguments) is var (value, divisor) && divisor is long number and not 0
            ? Remainder(context, value, number) == 0
            : throw context.Fail("the test divisibleby needs an integer other than 0"),
        ["upper"] = (context, arguments) => (bool)TextMethods.Call(context, PythonText.Of(context, Only(context, arguments)), "isupper", new("upper")),
        ["lower"] = (context, arguments) => (bool)TextMethods.Call(context, PythonText.Of(context, Only(context, arguments)), "islower", new("lower")),
        ["in"] = (context, arguments) => Two(context, arguments) is var (item, container) && Comparing.Contains(context, container, item),
        ["sameas"] = (context, arguments) => Two(context, arguments) is var (a, b) && (ReferenceEquals(a, b) || (a.GetType() == b.GetType() && a is bool or long or NoneValue && a.Equals(b))),
        ["eq"] = (context, arguments) => AreEqual(context, arguments),
        ["equalto"] = (context, arguments) => AreEqual(context, arguments),
        ["=="] = (context, arguments) => AreEqual(context, arguments),
        ["ne"] = (context, arguments) => !AreEqual(context, arguments),
        ["!="] = (context, arguments) => !AreEqual(context, arguments),
        ["lt"] = (context, arguments) => Order(context, arguments) < 0,
        ["lessthan"] = (context, arguments) => Order(context, arguments) < 0,
        ["<"] = (context, arguments) => Order(context, arguments) < 0,
        ["le"] = (context, arguments) => Order(context, arguments) <= 0,
        ["<="] = (context, arguments) => Order(context, arguments) <= 0,
        ["gt"] = (context, arguments) => Order(context, arguments) > 0,
        ["greaterthan"] = (context, arguments) => Order(context, arguments) > 0,
        [">"] = (context, arguments) => Order(context, arguments) > 0,
        ["ge"] = (context, arguments) => Order(context, arguments) >= 0,
        [">="] = (context, arguments) => Order(context, arguments) >= 0,
    };

    /// <summary>Throws unless there is such a test.</summary>
    public static void Require(string name, int line)
    {
        if (!Predicates.ContainsKey(name))
        {
            throw TemplateErrors.Syntax(line, $"the test '{name}' is not supported");
        }
    }

    /// <summary>Whether a test holds; the value is the first positional argument.</summary>
    public static bool Holds(RenderContext context, string name, CallArguments arguments) =>
        Predicates.TryGetValue(name, out Func<RenderContext, CallArguments, bool>? predicate)
            ? predicate(context, arguments)
            : throw context.Fail($"the test '{name}' is not supported");

    private static object Only(RenderContext context, CallArguments arguments) => arguments.Bind(context, "value")[0]!;

    private static (object Value, object Other) Two(RenderContext context, CallArguments arguments) =>
        arguments.Bind(context, "value", "other") is [{ } value, { } other] ? (value, other) : throw context.Fail($"the test '{arguments.Callee}' needs an argument");

    private static bool AreEqual(RenderContext context, CallArguments arguments)
    {
        (object value, object other) = Two(context, arguments);
        return Comparing.AreEqual(context, value, other);
    }

    private static int Order(RenderContext context, CallArguments arguments)
    {
        (object value, object other) = Two(context, arguments);
        return Comparing.Order(context, value, other);
    }

    private static long Remainder(RenderContext context, object value, long divisor) => Number.TryRead(value, out Number number) && number.IsInteger
        ? (long)Number.Apply(context, "%", number, new(divisor, divisor, true))
        : throw context.Fail($"{PythonText.Describe(value)} is no integer");
}
