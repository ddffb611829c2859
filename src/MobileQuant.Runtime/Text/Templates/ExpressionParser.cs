namespace MobileQuant.Text.Templates;

/// <summary>Parses expressions by recursive descent, a method for each level of precedence, from the loosest down.</summary>
internal sealed partial class ExpressionParser(TokenStream tokens)
{
    /// <summary>An expression, with <c>if ... else</c>.</summary>
    public Expression Parse()
    {
        tokens.Enter();
        Expression value = ParseOr();
        while (tokens.Current.IsName("if"))
        {
            int line = tokens.Next().Line;
            Expression test = ParseOr();
            value = new Expression.Conditional(line, test, value, tokens.TryName("else") ? Parse() : null);
        }

        tokens.Leave();
        return value;
    }

    /// <summary>Expressions with commas between them are a tuple.</summary>
    /// <param name="withConditional">False where <c>if</c> after the expression means something else.</param>
    public Expression ParseTuple(bool withConditional = true)
    {
        int line = tokens.Line;
        Expression first = withConditional ? Parse() : ParseOr();
        if (!tokens.Current.IsOperator(","))
        {
            return first;
        }

        List<Expression> items = [first];
        while (tokens.TryOperator(",") && !EndsTuple())
        {
            items.Add(withConditional ? Parse() : ParseOr());
        }

        return new Expression.Sequence(line, items, IsTuple: true);
    }

    /// <summary>The filters from a name on: <c>name(...) | name(...)</c>.</summary>
    public Expression.Filter ParseFilterChain()
    {
        Expression.Filter filter = ParseFilter(null);
        while (tokens.TryOperator("|"))
        {
            filter = ParseFilter(filter);
        }

        return filter;
    }

    /// <summary>A call, as a call block needs one.</summary>
    public Expression.Call ParseCall() =>
        Parse() as Expression.Call ?? throw tokens.Unexpected("a call of a macro before it");

    private bool EndsTuple() =>
        tokens.Current.Kind is TokenKind.BlockEnd or TokenKind.VariableEnd || tokens.Current.IsOperator(")") || tokens.Current.IsOperator("=") || tokens.Current.IsName("in");

    private Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (tokens.Current.IsName("or"))
        {
            left = new Expression.Logical(tokens.Next().Line, IsAnd: false, left, ParseAnd());
        }

        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (tokens.Current.IsName("and"))
        {
            left = new Expression.Logical(tokens.Next().Line, IsAnd: true, left, ParseNot());
        }

        return left;
    }

    private Expression ParseNot()
    {
        if (!tokens.Current.IsName("not"))
        {
            return ParseComparison();
        }

        tokens.Enter();
        Expression value = new Expression.Not(tokens.Next().Line, ParseNot());
        tokens.Leave();
        return value;
    }

    private Expression ParseComparison()
    {
        int line = tokens.Line;
        Expression first = ParseSum();
        List<(string Operator, Expression Operand)> rest = [];
        while (true)
        {
            if (tokens.Current is { Kind: TokenKind.Operator, Text: "==" or "!=" or "<" or "<=" or ">" or ">=" })
            {
                rest.Add((tokens.Next().Text, ParseSum()));
            }
            else if (tokens.TryName("in"))
            {
                rest.Add(("in", ParseSum()));
            }
            else if (tokens.Current.IsName("not") && tokens.Following.IsName("in"))
            {
                tokens.Next();
                tokens.Next();
                rest.Add(("not in", ParseSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new Expression.Comparison(line, first, rest);
            }
        }
    }

    private Expression ParseSum()
    {
        Expression left = ParseConcatenation();
        while (tokens.Current is { Kind: TokenKind.Operator, Text: "+" or "-" })
        {
            TemplateToken sign = tokens.Next();
            left = new Expression.Arithmetic(sign.Line, sign.Text, left, ParseConcatenation());
        }

        return left;
    }

    private Expression ParseConcatenation()
    {
        int line = tokens.Line;
        Expression first = ParseProduct();
        if (!tokens.Current.IsOperator("~"))
        {
            return first;
        }

        List<Expression> items = [first];
        while (tokens.TryOperator("~"))
        {
            items.Add(ParseProduct());
        }

        return new Expression.Concatenation(line, items);
    }

    private Expression ParseProduct()
    {
        Expression left = ParsePower();
        while (tokens.Current is { Kind: TokenKind.Operator, Text: "*" or "/" or "//" or "%" })
        {
            TemplateToken sign = tokens.Next();
            left = new Expression.Arithmetic(sign.Line, sign.Text, left, ParsePower());
        }

        return left;
    }

    private Expression ParsePower()
    {
        Expression left = ParseUnary(withFilters: true);
        while (tokens.Current.IsOperator("**"))
        {
            left = new Expression.Arithmetic(tokens.Next().Line, "**", left, ParseUnary(withFilters: true));
        }

        return left;
    }

    private Expression ParseUnary(bool withFilters)
    {
        Expression value;
        if (tokens.Current is { Kind: TokenKind.Operator, Text: "-" or "+" })
        {
            tokens.Enter();
            TemplateToken sign = tokens.Next();
            value = new Expression.Sign(sign.Line, sign.Text == "-", ParseUnary(withFilters: false));
            tokens.Leave();
        }
        else
        {
            value = ParsePrimary();
        }

        value = ParsePostfix(value);
        return withFilters ? ParseFiltersAndTests(value) : value;
    }

    private Expression ParsePrimary()
    {
        TemplateToken token = tokens.Next();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new Expression.Literal(token.Line, true),
                    "false" or "False" => new Expression.Literal(token.Line, false),
                    "none" or "None" => new Expression.Literal(token.Line, NoneValue.Instance),
                    _ => new Expression.Variable(token.Line, token.Text),
                };
            case TokenKind.Text:
                System.Text.StringBuilder text = new(token.Text);
                while (tokens.Current.Kind == TokenKind.Text)
                {
                    text.Append(tokens.Next().Text);
                }

                return new Expression.Literal(token.Line, text.ToString());
            case TokenKind.Integer or TokenKind.Float:
                return new Expression.Literal(token.Line, token.Value!);
            case TokenKind.Operator when token.Text == "(":
                return ParseParenthesized(token.Line);
            case TokenKind.Operator when token.Text == "[":
                return new Expression.Sequence(token.Line, ParseItems("]"), IsTuple: false);
            case TokenKind.Operator when token.Text == "{":
                return ParseMapping(token.Line);
            default:
                throw TemplateErrors.Syntax(token.Line, $"expected a value, found {token.Describe()}");
        }
    }

    private Expression ParseParenthesized(int line)
    {
        if (tokens.TryOperator(")"))
        {
            return new Expression.Sequence(line, [], IsTuple: true);
        }

        Expression value = ParseTuple();
        tokens.ExpectOperator(")");
        return value;
    }

    private List<Expression> ParseItems(string end)
    {
        List<Expression> items = [];
        while (!tokens.TryOperator(end))
        {
            if (items.Count > 0)
            {
                tokens.ExpectOperator(",");
                if (tokens.TryOperator(end))
                {
                    break;
                }
            }

            items.Add(Parse());
        }

        return items;
    }

    private Expression.Mapping ParseMapping(int line)
    {
        List<(Expression Key, Expression Value)> members = [];
        while (!tokens.TryOperator("}"))
        {
            if (members.Count > 0)
            {
                tokens.ExpectOperator(",");
                if (tokens.TryOperator("}"))
                {
                    break;
                }
            }

            Expression key = Parse();
            tokens.ExpectOperator(":");
            members.Add((key, Parse()));
        }

        return new(line, members);
    }
}
