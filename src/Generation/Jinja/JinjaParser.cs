namespace IterativeDpo.Generation.Jinja;

/// <summary>Reads a template's statements.</summary>
internal sealed class JinjaParser
{
    private readonly JinjaTokens _tokens;
    private readonly JinjaExpressionParser _expressions;

    private JinjaParser(string template)
    {
        _tokens = new(JinjaLexer.Read(template));
        _expressions = new(_tokens);
    }

    /// <exception cref="JinjaException">It is no template, or has a statement that is not known here.</exception>
    public static JinjaStatement[] Read(string template) => new JinjaParser(template).ReadBody(out _);

    /// <summary>Statements up to one of these tags, whose name is read, or up to the template's end where none is given.</summary>
    private JinjaStatement[] ReadBody(out string end, params string[] ends)
    {
        var (statements, ended) = _tokens.Within(() => ReadStatements(ends));
        end = ended;
        return statements;
    }

    private (JinjaStatement[] Statements, string End) ReadStatements(string[] ends)
    {
        var statements = new List<JinjaStatement>();
        while (true)
        {
            var token = _tokens.Next();
            switch (token.Kind)
            {
                case JinjaTokenKind.Data:
                    statements.Add(new JinjaData(token.Line, (string)token.Value));
                    break;
                case JinjaTokenKind.OutputBegin:
                    statements.Add(new JinjaOutput(token.Line, _expressions.ReadTuple()));
                    _tokens.Expect(JinjaTokenKind.OutputEnd);
                    break;
                case JinjaTokenKind.BlockBegin
                    when _tokens.Current.Kind == JinjaTokenKind.Name && ends.Contains((string)_tokens.Current.Value):
                    return ([.. statements], _tokens.ExpectName());
                case JinjaTokenKind.BlockBegin:
                    statements.Add(ReadStatement(token.Line, ends));
                    break;
                default:
                    return ends.Length == 0
                        ? ([.. statements], "")
                        : throw new JinjaException(
                            $"the template ends where {string.Join(" or ", ends.Select(end => $"'{end}'"))} belongs",
                            token.Line);
            }
        }
    }

    private JinjaStatement ReadStatement(int line, string[] ends)
    {
        var name = _tokens.ExpectName();
        return name switch
        {
            "if" => ReadIf(line),
            "for" => ReadFor(line),
            "set" => ReadSet(line),
            "macro" => ReadMacro(line),
            "call" => ReadCall(line),
            "filter" => ReadFilter(line),
            "with" => ReadWith(line),
            "generation" => new JinjaGeneration(line, ReadBlock("endgeneration")),
            "break" => Jump(line, JinjaFlow.Break),
            "continue" => Jump(line, JinjaFlow.Continue),
            "include" or "import" or "from" or "extends" or "block" or "autoescape" or "do" or "trans" or "print" or "debug" =>
                throw new JinjaException($"'{name}' is not supported here", line),
            _ => throw new JinjaException(
                $"unknown tag '{name}'{(ends.Length > 0 ? $", where {string.Join(" or ", ends.Select(end => $"'{end}'"))} is still to come" : "")}",
                line),
        };
    }

    private JinjaJump Jump(int line, JinjaFlow flow)
    {
        _tokens.Expect(JinjaTokenKind.BlockEnd);
        return new(line, flow);
    }

    /// <summary>The rest of a tag that takes nothing more, and what is within up to its end.</summary>
    private JinjaStatement[] ReadBlock(string end)
    {
        _tokens.Expect(JinjaTokenKind.BlockEnd);
        var body = ReadBody(out _, end);
        _tokens.Expect(JinjaTokenKind.BlockEnd);
        return body;
    }

    private JinjaIf ReadIf(int line)
    {
        var branches = new List<(JinjaExpression?, JinjaStatement[])>();
        for (var word = "if"; word != "endif";)
        {
            var condition = word == "else" ? null : _expressions.ReadTuple(withConditional: false);
            _tokens.Expect(JinjaTokenKind.BlockEnd);
            var body = word == "else" ? ReadBody(out word, "endif") : ReadBody(out word, "elif", "else", "endif");
            branches.Add((condition, body));
        }
        _tokens.Expect(JinjaTokenKind.BlockEnd);
        return new(line, [.. branches]);
    }

    private JinjaFor ReadFor(int line)
    {
        var target = ReadTarget();
        if (!_tokens.TryName("in"))
        {
            throw _tokens.Unexpected("'in'");
        }
        var items = _expressions.ReadTuple(withConditional: false);
        var condition = _tokens.TryName("if") ? _expressions.Read() : null;
        if (_tokens.IsName("recursive"))
        {
            throw _tokens.Error("recursive loops are not supported here");
        }
        _tokens.Expect(JinjaTokenKind.BlockEnd);
        var body = ReadBody(out var end, "else", "endfor");
        JinjaStatement[] otherwise = end == "else" ? ReadBlock("endfor") : [];
        if (end != "else")
        {
            _tokens.Expect(JinjaTokenKind.BlockEnd);
        }
        return new(line, target, items, condition, body, otherwise);
    }

    private JinjaStatement ReadSet(int line)
    {
        if (_tokens.Current.Kind == JinjaTokenKind.Name && _tokens.IsSignBehind("."))
        {
            var of = new JinjaName(line, _tokens.ExpectName());
            _tokens.ExpectSign(".");
            var name = _tokens.ExpectName();
            _tokens.ExpectSign("=");
            return End(new JinjaSetAttribute(line, of, name, _expressions.ReadTuple()));
        }
        var target = ReadTarget();
        if (_tokens.TrySign("="))
        {
            return End(new JinjaSet(line, target, _expressions.ReadTuple()));
        }
        if (target.Name is null)
        {
            throw _tokens.Unexpected("'='");
        }
        var filtered = _tokens.TrySign("|") ? _expressions.ReadFilters(new JinjaName(line, JinjaFiltered.Name)) : null;
        return new JinjaSetBlock(line, target.Name, filtered, ReadBlock("endset"));
    }

    private T End<T>(T statement)
    {
        _tokens.Expect(JinjaTokenKind.BlockEnd);
        return statement;
    }

    private JinjaMacro ReadMacro(int line)
    {
        var name = _tokens.ExpectName();
        return new(line, ReadBodyOf(name, ReadParameters(), "endmacro"));
    }

    private JinjaCallBlock ReadCall(int line)
    {
        (string, JinjaExpression?)[] parameters = _tokens.IsSign("(") ? ReadParameters() : [];
        var call = _expressions.Read() as JinjaCall ?? throw new JinjaException("expected call", line);
        return new(line, call, ReadBodyOf("caller", parameters, "endcall"));
    }

    private JinjaBody ReadBodyOf(string name, (string, JinjaExpression?)[] parameters, string end)
    {
        var outer = _expressions.Names;
        _expressions.Names = [];
        var body = ReadBlock(end);
        var names = _expressions.Names;
        _expressions.Names = [.. outer, .. names];
        return new(name, parameters, body, names);
    }

    private (string, JinjaExpression?)[] ReadParameters()
    {
        _tokens.ExpectSign("(");
        var parameters = new List<(string Name, JinjaExpression? Default)>();
        while (!_tokens.TrySign(")"))
        {
            if (parameters.Count > 0)
            {
                _tokens.ExpectSign(",");
            }
            var name = _tokens.ExpectName();
            var standard = _tokens.TrySign("=") ? _expressions.Read() : null;
            parameters.Add(standard is null && parameters is [.., { Default: not null }]
                ? throw _tokens.Error("non-default argument follows default argument")
                : (name, standard));
        }
        return [.. parameters];
    }

    private JinjaFilterBlock ReadFilter(int line) =>
        new(line, _expressions.ReadFilters(new JinjaName(line, JinjaFiltered.Name)), ReadBlock("endfilter"));

    private JinjaWith ReadWith(int line)
    {
        var variables = new List<(JinjaTarget, JinjaExpression)>();
        while (_tokens.Current.Kind != JinjaTokenKind.BlockEnd)
        {
            if (variables.Count > 0)
            {
                _tokens.ExpectSign(",");
            }
            var target = new JinjaTarget(_tokens.ExpectName(), null);
            _tokens.ExpectSign("=");
            variables.Add((target, _expressions.Read()));
        }
        return new(line, [.. variables], ReadBlock("endwith"));
    }

    /// <summary>A name, or several with commas between.</summary>
    private JinjaTarget ReadTarget()
    {
        var (parts, isTuple) = (new List<JinjaTarget>(), false);
        do
        {
            if (_tokens.IsName("in") || _tokens.IsSign("="))
            {
                break;
            }
            parts.Add(ReadTargetPart());
            isTuple |= _tokens.IsSign(",");
        }
        while (_tokens.TrySign(","));
        return parts.Count == 0 ? throw _tokens.Unexpected("a name") : isTuple ? new(null, [.. parts]) : parts[0];
    }

    private JinjaTarget ReadTargetPart()
    {
        if (!_tokens.TrySign("("))
        {
            return _tokens.ExpectName() is not ("true" or "false" or "none" or "True" or "False" or "None" or "loop") and var name
                ? new(name, null)
                : throw _tokens.Error("that name cannot be set");
        }
        var inner = _tokens.Within(ReadTarget);
        _tokens.ExpectSign(")");
        return inner;
    }
}
