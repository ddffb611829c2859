namespace MobileQuant.Text.Templates;

/// <summary>Parses a template into statements. What is not supported is refused here, before anything is rendered.</summary>
internal sealed class TemplateParser
{
    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;
    private int _loops;

    private TemplateParser(string source)
    {
        _tokens = new(TemplateLexer.Read(source));
        _expressions = new(_tokens);
    }

    /// <summary>Parses a whole template.</summary>
    /// <exception cref="MobileQuantException">MQ2120, MQ2122.</exception>
    public static IReadOnlyList<Statement> Parse(string source)
    {
        TemplateParser parser = new(source);
        return parser.ParseBody();
    }

    /// <summary>Statements up to one of some keywords, which is left as the current token; without any, to the end.</summary>
    private List<Statement> ParseBody(params ReadOnlySpan<string> ends)
    {
        _tokens.Enter();
        List<Statement> body = [];
        while (true)
        {
            TemplateToken token = _tokens.Next();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    body.Add(new Statement.Data(token.Line, token.Text));
                    break;
                case TokenKind.VariableBegin:
                    body.Add(new Statement.Output(token.Line, _expressions.ParseTuple()));
                    _tokens.Expect(TokenKind.VariableEnd, "'}}'");
                    break;
                case TokenKind.BlockBegin when _tokens.Current.Kind == TokenKind.Name && ends.Contains(_tokens.Current.Text):
                    _tokens.Leave();
                    return body;
                case TokenKind.BlockBegin:
                    body.Add(ParseStatement());
                    break;
                case TokenKind.End when ends.IsEmpty:
                    _tokens.Leave();
                    return body;
                default:
                    throw TemplateErrors.Syntax(token.Line, $"expected '{string.Join("' or '", ends.ToArray())}', found {token.Describe()}");
            }
        }
    }

    private Statement ParseStatement()
    {
        int line = _tokens.Line;
        string keyword = _tokens.ExpectName("a statement");
        Statement statement = keyword switch
        {
            "if" => ParseIf(line),
            "for" => ParseFor(line),
            "set" => ParseSet(line),
            "macro" => ParseMacro(line),
            "call" => ParseCallBlock(line),
            "filter" => ParseFilterBlock(line),
            "with" => ParseWith(line),
            "generation" => new Statement.Scoped(line, [], ParseBlock("endgeneration")),
            "break" or "continue" when _loops == 0 => throw TemplateErrors.Syntax(line, $"'{keyword}' stands outside of a loop"),
            "break" => new Statement.Break(line),
            "continue" => new Statement.Continue(line),
            _ => throw TemplateErrors.Syntax(line, $"the statement '{keyword}' is not supported here"),
        };
        EndTag();
        return statement;
    }

    private void EndTag() => _tokens.Expect(TokenKind.BlockEnd, "'%}'");

    /// <summary>The rest of the opening tag, a body, and the keyword that ends it.</summary>
    private List<Statement> ParseBlock(string end)
    {
        EndTag();
        List<Statement> body = ParseBody(end);
        _tokens.Next();
        return body;
    }

    private Statement.If ParseIf(int line)
    {
        List<(Expression Test, IReadOnlyList<Statement> Body)> branches = [];
        List<Statement> otherwise = [];
        string keyword = "if";
        while (keyword is "if" or "elif")
        {
            Expression test = _expressions.ParseTuple();
            EndTag();
            branches.Add((test, ParseBody("elif", "else", "endif")));
            keyword = _tokens.Next().Text;
        }

        if (keyword == "else")
        {
            otherwise = ParseBlock("endif");
        }

        return new(line, branches, otherwise);
    }

    private Statement.For ParseFor(int line)
    {
        AssignmentTarget target = ParseTargets();
        if (!_tokens.TryName("in"))
        {
            throw _tokens.Unexpected("'in'");
        }

        Expression source = _expressions.ParseTuple(withConditional: false);
        Expression? condition = _tokens.TryName("if") ? _expressions.Parse() : null;
        if (_tokens.Current.IsName("recursive"))
        {
            throw TemplateErrors.Syntax(line, "a recursive loop is not supported");
        }

        EndTag();
        _loops++;
        List<Statement> body = ParseBody("else", "endfor");
        _loops--;
        List<Statement> otherwise = _tokens.Next().Text == "else" ? ParseBlock("endfor") : [];
        return new(line, target, source, condition, body, otherwise);
    }

    private Statement ParseSet(int line)
    {
        AssignmentTarget target = ParseTargets();
        if (_tokens.TryOperator("="))
        {
            return new Statement.Set(line, target, _expressions.ParseTuple());
        }

        Expression.Filter? filter = _tokens.TryOperator("|") ? _expressions.ParseFilterChain() : null;
        return new Statement.SetBlock(line, target, filter, WithoutLoops("endset"));
    }

    private Statement.Macro ParseMacro(int line)
    {
        string name = _tokens.ExpectName("the macro's name");
        List<(string Name, Expression? Default)> parameters = ParseParameters();
        return new(line, name, parameters, WithoutLoops("endmacro"));
    }

    private Statement.CallBlock ParseCallBlock(int line)
    {
        List<(string Name, Expression? Default)> parameters = _tokens.Current.IsOperator("(") ? ParseParameters() : [];
        Expression.Call call = _expressions.ParseCall();
        return new(line, call, new(line, "caller", parameters, WithoutLoops("endcall")));
    }

    private Statement.FilterBlock ParseFilterBlock(int line)
    {
        Expression.Filter filter = _expressions.ParseFilterChain();
        return new(line, filter, WithoutLoops("endfilter"));
    }

    private Statement.Scoped ParseWith(int line)
    {
        List<(AssignmentTarget Target, Expression Value)> variables = [];
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (variables.Count > 0)
            {
                _tokens.ExpectOperator(",");
            }

            AssignmentTarget target = ParseTarget();
            _tokens.ExpectOperator("=");
            variables.Add((target, _expressions.Parse()));
        }

        return new(line, variables, ParseBlock("endwith"));
    }

    /// <summary>A body that collects its text: a break may not leave it.</summary>
    private List<Statement> WithoutLoops(string end)
    {
        int loops = _loops;
        _loops = 0;
        List<Statement> body = ParseBlock(end);
        _loops = loops;
        return body;
    }

    private List<(string Name, Expression? Default)> ParseParameters()
    {
        List<(string Name, Expression? Default)> parameters = [];
        _tokens.ExpectOperator("(");
        while (!_tokens.TryOperator(")"))
        {
            if (parameters.Count > 0)
            {
                _tokens.ExpectOperator(",");
                if (_tokens.TryOperator(")"))
                {
                    break;
                }
            }

            string name = _tokens.ExpectName("a parameter's name");
            Expression? fallback = _tokens.TryOperator("=") ? _expressions.Parse() : null;
            if (fallback is null && parameters is [.., { Default: not null }])
            {
                throw TemplateErrors.Syntax(_tokens.Line, $"the parameter '{name}' without a default follows one that has a default");
            }

            parameters.Add((name, fallback));
        }

        return parameters;
    }

    private AssignmentTarget ParseTargets()
    {
        AssignmentTarget first = ParseTarget();
        if (!_tokens.Current.IsOperator(","))
        {
            return first;
        }

        List<AssignmentTarget> items = [first];
        while (_tokens.TryOperator(",") && !_tokens.Current.IsName("in") && !_tokens.Current.IsOperator("="))
        {
            items.Add(ParseTarget());
        }

        return new AssignmentTarget.Tuple(items);
    }

    private AssignmentTarget ParseTarget()
    {
        if (_tokens.TryOperator("("))
        {
            _tokens.Enter();
            AssignmentTarget inner = ParseTargets();
            _tokens.Leave();
            _tokens.ExpectOperator(")");
            return inner;
        }

        string name = _tokens.ExpectName("a variable's name");
        if (name is "true" or "false" or "none" or "True" or "False" or "None")
        {
            throw TemplateErrors.Syntax(_tokens.Line, $"'{name}' cannot be given a value");
        }

        return _tokens.TryOperator(".")
            ? new AssignmentTarget.Member(name, _tokens.ExpectName("a member's name"))
            : new AssignmentTarget.Variable(name);
    }
}
