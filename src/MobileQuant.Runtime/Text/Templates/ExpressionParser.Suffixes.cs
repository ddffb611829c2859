namespace MobileQuant.Text.Templates;

/// <summary>What may follow a value: members, subscripts, calls, filters and tests.</summary>
internal sealed partial class ExpressionParser
{
    private Expression ParsePostfix(Expression target)
    {
        while (true)
        {
            if (tokens.Current.IsOperator("."))
            {
                int line = tokens.Next().Line;
                target = tokens.Current.Kind == TokenKind.Integer
                    ? new Expression.Item(line, target, new Expression.Literal(line, tokens.Next().Value!))
                    : new Expression.Attribute(line, target, tokens.ExpectName("a member's name"));
            }
            else if (tokens.Current.IsOperator("["))
            {
                target = ParseSubscript(tokens.Next().Line, target);
            }
            else if (tokens.Current.IsOperator("("))
            {
                target = new Expression.Call(tokens.Line, target, ParseArguments());
            }
            else
            {
                return target;
            }
        }
    }

    private Expression ParseSubscript(int line, Expression target)
    {
        List<Expression?> parts = [];
        int colons = 0;
        Expression? part = null;
        while (!tokens.TryOperator("]"))
        {
            if (tokens.TryOperator(":"))
            {
                parts.Add(part);
                part = null;
                colons++;
            }
            else if (part is null)
            {
                part = Parse();
            }
            else
            {
                throw tokens.Unexpected("']'");
            }
        }

        parts.Add(part);
        return (colons, part) switch
        {
            (0, null) => throw TemplateErrors.Syntax(line, "the subscript is empty"),
            (0, { } index) => new Expression.Item(line, target, index),
            (1, _) => new Expression.Slice(line, target, parts[0], parts[1], null),
            (2, _) => new Expression.Slice(line, target, parts[0], parts[1], parts[2]),
            _ => throw TemplateErrors.Syntax(line, "a slice has at most two colons"),
        };
    }

    private ArgumentNodes ParseArguments()
    {
        tokens.ExpectOperator("(");
        List<Expression> positional = [];
        List<(string Name, Expression Value)> named = [];
        while (!tokens.TryOperator(")"))
        {
            if (positional.Count + named.Count > 0)
            {
                tokens.ExpectOperator(",");
                if (tokens.TryOperator(")"))
                {
                    break;
                }
            }

            if (tokens.Current is { Kind: TokenKind.Operator, Text: "*" or "**" })
            {
                throw TemplateErrors.Syntax(tokens.Line, "spreading arguments is not supported");
            }

            if (tokens.Current.Kind == TokenKind.Name && tokens.Following.IsOperator("="))
            {
                string name = tokens.Next().Text;
                tokens.Next();
                named.Add((name, Parse()));
            }
            else if (named.Count > 0)
            {
                throw TemplateErrors.Syntax(tokens.Line, "an argument without a name follows one with a name");
            }
            else
            {
                positional.Add(Parse());
            }
        }

        return new(positional, named);
    }

    private Expression ParseFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (tokens.TryOperator("|"))
            {
                value = ParseFilter(value);
            }
            else if (tokens.TryName("is"))
            {
                value = ParseTest(value);
            }
            else if (tokens.Current.IsOperator("("))
            {
                value = new Expression.Call(tokens.Line, value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private Expression.Filter ParseFilter(Expression? target)
    {
        int line = tokens.Line;
        string name = ParseDottedName("a filter's name");
        FilterTable.Require(name, line);
        return new(line, target, name, tokens.Current.IsOperator("(") ? ParseArguments() : ArgumentNodes.None);
    }

    private Expression.Predicate ParseTest(Expression target)
    {
        int line = tokens.Line;
        bool isNegated = tokens.TryName("not");
        string name = ParseDottedName("a test's name");
        PredicateTable.Require(name, line);
        ArgumentNodes arguments = ArgumentNodes.None;
        if (tokens.Current.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (BeginsArgument())
        {
            tokens.Enter();
            arguments = new([ParsePostfix(ParsePrimary())], []);
            tokens.Leave();
        }

        return new(line, target, name, arguments, isNegated);
    }

    private bool BeginsArgument() => tokens.Current.Kind switch
    {
        TokenKind.Name => tokens.Current.Text is not ("else" or "or" or "and" or "is" or "if" or "in" or "not"),
        TokenKind.Text or TokenKind.Integer or TokenKind.Float => true,
        TokenKind.Operator => tokens.Current.Text is "[" or "{",
        _ => false,
    };

    private string ParseDottedName(string what)
    {
        string name = tokens.ExpectName(what);
        while (tokens.TryOperator("."))
        {
            name += "." + tokens.ExpectName(what);
        }

        return name;
    }
}
