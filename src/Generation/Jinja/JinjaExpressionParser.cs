namespace IterativeDpo.Generation.Jinja;

/// <summary>Reads expressions by Jinja's grammar, in the order of its precedences: the loosest first.</summary>
internal sealed class JinjaExpressionParser(JinjaTokens tokens)
{
    /// <summary>Names that were read, so that a macro knows which of its own are asked for.</summary>
    public HashSet<string> Names { get; set; } = [];

    /// <param name="withConditional">Whether <c>a if b else c</c> may be part of it.</param>
    public JinjaExpression Read(bool withConditional = true) => tokens.Within(() => withConditional ? ReadConditional() : ReadOr());

    /// <summary>An expression, or several with commas between, which are a tuple.</summary>
    public JinjaExpression ReadTuple(bool withConditional = true) => ReadTuple(withConditional, inParentheses: false);

    public JinjaGiven ReadGiven()
    {
        tokens.ExpectSign("(");
        var (values, named) = (new List<JinjaExpression>(), new List<(string, JinjaExpression)>());
        while (!tokens.TrySign(")"))
        {
            if (values.Count + named.Count > 0)
            {
                tokens.ExpectSign(",");
                if (tokens.TrySign(")"))
                {
                    break;
                }
            }
            if (tokens.IsSign("*") || tokens.IsSign("**"))
            {
                throw tokens.Error("arguments with '*' are not supported here");
            }
            if (tokens.Current.Kind == JinjaTokenKind.Name && tokens.IsSignBehind("="))
            {
                var name = tokens.ExpectName();
                tokens.ExpectSign("=");
                named.Add(
                    named.Exists(item => item.Item1 == name) ? throw tokens.Error($"keyword argument repeated: {name}") : (name, Read()));
            }
            else
            {
                values.Add(named.Count > 0 ? throw tokens.Error("a positional argument behind keyword arguments") : Read());
            }
        }
        return values.Count + named.Count == 0 ? JinjaGiven.None : new([.. values], [.. named]);
    }

    /// <summary>A filter of a value, whose name comes next, and those behind it.</summary>
    public JinjaExpression ReadFilters(JinjaExpression of)
    {
        do
        {
            var line = tokens.Line;
            of = new JinjaFilter(line, ReadDotted(), of, tokens.IsSign("(") ? ReadGiven() : JinjaGiven.None);
        }
        while (tokens.TrySign("|"));
        return of;
    }

    private JinjaExpression ReadTuple(bool withConditional, bool inParentheses)
    {
        var line = tokens.Line;
        var (items, isTuple) = (new List<JinjaExpression>(), false);
        while (!IsTupleEnd())
        {
            items.Add(Read(withConditional));
            if (!tokens.TrySign(","))
            {
                break;
            }
            isTuple = true;
        }
        return items.Count == 0 && !inParentheses ? throw tokens.Unexpected("an expression")
            : isTuple || items.Count == 0 ? new JinjaListOf(line, [.. items], isTuple: true)
            : items[0];
    }

    private bool IsTupleEnd() =>
        tokens.Current.Kind is JinjaTokenKind.OutputEnd or JinjaTokenKind.BlockEnd or JinjaTokenKind.End || tokens.IsSign(")");

    private JinjaExpression ReadConditional()
    {
        var line = tokens.Line;
        var value = ReadOr();
        while (tokens.TryName("if"))
        {
            var condition = ReadOr();
            value = new JinjaConditional(line, condition, value, tokens.TryName("else") ? Read() : null);
        }
        return value;
    }

    private JinjaExpression ReadOr()
    {
        var value = ReadAnd();
        while (tokens.IsName("or"))
        {
            var line = tokens.Next().Line;
            value = new JinjaEither(line, isAnd: false, value, ReadAnd());
        }
        return value;
    }

    private JinjaExpression ReadAnd()
    {
        var value = ReadNot();
        while (tokens.IsName("and"))
        {
            var line = tokens.Next().Line;
            value = new JinjaEither(line, isAnd: true, value, ReadNot());
        }
        return value;
    }

    private JinjaExpression ReadNot() => tokens.IsName("not")
        ? tokens.Within(() => new JinjaNot(tokens.Next().Line, ReadNot()))
        : ReadComparison();

    private JinjaExpression ReadComparison()
    {
        var line = tokens.Line;
        var first = ReadSum();
        var others = new List<(string, JinjaExpression)>();
        while (true)
        {
            var sign = tokens.Current switch
            {
                { Kind: JinjaTokenKind.Sign, Value: "==" or "!=" or "<" or "<=" or ">" or ">=" } => (string)tokens.Next().Value,
                _ when tokens.TryName("in") => "in",
                _ when tokens.IsName("not") && tokens.IsNameBehind("in") => "not in",
                _ => null,
            };
            if (sign is null)
            {
                return others.Count == 0 ? first : new JinjaComparison(line, first, [.. others]);
            }
            if (sign == "not in")
            {
                tokens.Next();
                tokens.Next();
            }
            others.Add((sign, ReadSum()));
        }
    }

    private JinjaExpression ReadSum() => ReadCalculation(ReadConcat, "+", "-");

    private JinjaExpression ReadConcat()
    {
        var line = tokens.Line;
        var parts = new List<JinjaExpression> { ReadProduct() };
        while (tokens.TrySign("~"))
        {
            parts.Add(ReadProduct());
        }
        return parts.Count == 1 ? parts[0] : new JinjaConcat(line, [.. parts]);
    }

    private JinjaExpression ReadProduct() => ReadCalculation(ReadPower, "*", "/", "//", "%");

    private JinjaExpression ReadPower() => ReadCalculation(() => ReadSigned(withFilter: true), "**");

    private JinjaExpression ReadCalculation(Func<JinjaExpression> readOperand, params ReadOnlySpan<string> signs)
    {
        var value = readOperand();
        while (tokens.Current is { Kind: JinjaTokenKind.Sign, Value: string sign } && signs.Contains(sign))
        {
            var line = tokens.Next().Line;
            value = new JinjaCalculation(line, sign, value, readOperand());
        }
        return value;
    }

    private JinjaExpression ReadSigned(bool withFilter)
    {
        var line = tokens.Line;
        var value = tokens.TrySign("-") ? tokens.Within(() => new JinjaSigned(line, isNegative: true, ReadSigned(withFilter: false)))
            : tokens.TrySign("+") ? tokens.Within(() => new JinjaSigned(line, isNegative: false, ReadSigned(withFilter: false)))
            : ReadPrimary();
        value = ReadPostfix(value);
        return withFilter ? ReadFiltersAndTests(value) : value;
    }

    private JinjaExpression ReadFiltersAndTests(JinjaExpression value)
    {
        while (true)
        {
            if (tokens.TrySign("|"))
            {
                value = ReadFilters(value);
            }
            else if (tokens.IsName("is"))
            {
                value = ReadTest(value);
            }
            else if (tokens.IsSign("("))
            {
                value = new JinjaCall(tokens.Line, value, ReadGiven());
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaExpression ReadTest(JinjaExpression of)
    {
        var line = tokens.Next().Line;
        var isNegated = tokens.TryName("not");
        var name = ReadDotted();
        var given = JinjaGiven.None;
        if (tokens.IsSign("("))
        {
            given = ReadGiven();
        }
        else if (tokens.Current.Kind is JinjaTokenKind.Text or JinjaTokenKind.Number || tokens.IsSign("[") || tokens.IsSign("{")
            || (tokens.Current is { Kind: JinjaTokenKind.Name, Value: not ("else" or "or" or "and" or "is" or "if" or "in" or "not") }))
        {
            given = new([ReadPostfix(ReadPrimary())], []);
        }
        JinjaExpression test = new JinjaTest(line, name, of, given);
        return isNegated ? new JinjaNot(line, test) : test;
    }

    private string ReadDotted()
    {
        var name = tokens.ExpectName();
        while (tokens.TrySign("."))
        {
            name += $".{tokens.ExpectName()}";
        }
        return name;
    }

    private JinjaExpression ReadPostfix(JinjaExpression value)
    {
        while (true)
        {
            var line = tokens.Line;
            if (tokens.TrySign("."))
            {
                value = tokens.Current.Kind == JinjaTokenKind.Number
                    ? new JinjaItem(line, value, new JinjaConstant(line, tokens.Next().Value))
                    : new JinjaAttribute(line, value, tokens.ExpectName());
            }
            else if (tokens.TrySign("["))
            {
                value = ReadItem(line, value);
            }
            else if (tokens.IsSign("("))
            {
                value = new JinjaCall(line, value, ReadGiven());
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaExpression ReadItem(int line, JinjaExpression of)
    {
        var from = tokens.IsSign(":") ? null : Read();
        if (tokens.TrySign("]"))
        {
            return new JinjaItem(line, of, from!);
        }
        tokens.ExpectSign(":");
        var to = tokens.IsSign(":") || tokens.IsSign("]") ? null : Read();
        var step = tokens.TrySign(":") && !tokens.IsSign("]") ? Read() : null;
        tokens.ExpectSign("]");
        return new JinjaSlice(line, of, from, to, step);
    }

    private JinjaExpression ReadPrimary()
    {
        var token = tokens.Next();
        switch (token.Kind, token.Value)
        {
            case (JinjaTokenKind.Name, string name):
                return name switch
                {
                    "true" or "True" => new JinjaConstant(token.Line, true),
                    "false" or "False" => new JinjaConstant(token.Line, false),
                    "none" or "None" => new JinjaConstant(token.Line, null),
                    _ => NameOf(name, token.Line),
                };
            case (JinjaTokenKind.Number, _):
                return new JinjaConstant(token.Line, token.Value);
            case (JinjaTokenKind.Text, string text):
                while (tokens.Current.Kind == JinjaTokenKind.Text)
                {
                    text += tokens.Next().Value;
                }
                return new JinjaConstant(token.Line, new JinjaText(text));
            case (JinjaTokenKind.Sign, "("):
                var inside = ReadTuple(withConditional: true, inParentheses: true);
                tokens.ExpectSign(")");
                return inside;
            case (JinjaTokenKind.Sign, "["):
                return new JinjaListOf(token.Line, [.. ReadList("]", () => Read())], isTuple: false);
            case (JinjaTokenKind.Sign, "{"):
                return new JinjaDictOf(token.Line, [.. ReadList("}", ReadEntry)]);
            default:
                throw new JinjaException($"{token} where an expression belongs", token.Line);
        }
    }

    private JinjaName NameOf(string name, int line)
    {
        Names.Add(name);
        return new(line, name);
    }

    private (JinjaExpression, JinjaExpression) ReadEntry()
    {
        var key = Read();
        tokens.ExpectSign(":");
        return (key, Read());
    }

    private List<T> ReadList<T>(string end, Func<T> readItem)
    {
        var items = new List<T>();
        while (!tokens.TrySign(end))
        {
            if (items.Count > 0)
            {
                tokens.ExpectSign(",");
                if (tokens.TrySign(end))
                {
                    break;
                }
            }
            items.Add(readItem());
        }
        return items;
    }
}
