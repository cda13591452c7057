using static IterativeDpo.Generation.Jinja.JinjaOperators;

namespace IterativeDpo.Generation.Jinja;

/// <summary>An expression of a template, which has been read once and is worked out in every rendering.</summary>
/// <param name="line">Where it is, for errors.</param>
internal abstract class JinjaExpression(int line)
{
    public int Line => line;

    public abstract object? Evaluate(JinjaRun run, JinjaScope scope);

    protected static readonly object True = true, False = false;
}

internal sealed class JinjaConstant(int line, object? value) : JinjaExpression(line)
{
    public object? Value => value;

    public override object? Evaluate(JinjaRun run, JinjaScope scope) => value;
}

internal sealed class JinjaName(int line, string name) : JinjaExpression(line)
{
    private readonly JinjaUndefined _undefined = JinjaUndefined.Named(name);
    private readonly JinjaFunction? _global = JinjaGlobals.All.GetValueOrDefault(name);

    public string Name => name;

    public override object? Evaluate(JinjaRun run, JinjaScope scope) =>
        scope.TryGet(name, out var value) ? value : (object?)_global ?? _undefined;
}

internal sealed class JinjaListOf(int line, JinjaExpression[] items, bool isTuple) : JinjaExpression(line)
{
    public JinjaExpression[] Items => items;

    public bool IsTuple => isTuple;

    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        return new JinjaList(Array.ConvertAll(items, item => item.Evaluate(run, scope)), isTuple);
    }
}

internal sealed class JinjaDictOf(int line, (JinjaExpression Key, JinjaExpression Value)[] items) : JinjaExpression(line)
{
    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        var dict = new JinjaDict();
        foreach (var (key, value) in items)
        {
            var name = key.Evaluate(run, scope);
            if (!dict.TrySet(name, value.Evaluate(run, scope)))
            {
                throw run.Error($"unhashable type: '{TypeOf(name)}'");
            }
        }
        return dict;
    }
}

internal sealed class JinjaAttribute(int line, JinjaExpression of, string name) : JinjaExpression(line)
{
    public JinjaExpression Of => of;

    public string Name => name;

    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        var value = of.Evaluate(run, scope);
        return JinjaItems.Attribute(run, value, name);
    }
}

internal sealed class JinjaItem(int line, JinjaExpression of, JinjaExpression key) : JinjaExpression(line)
{
    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        var value = of.Evaluate(run, scope);
        return JinjaItems.Item(run, value, key.Evaluate(run, scope));
    }
}

internal sealed class JinjaSlice(int line, JinjaExpression of, JinjaExpression? from, JinjaExpression? to, JinjaExpression? step)
    : JinjaExpression(line)
{
    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        return JinjaItems.Slice(
            run,
            of.Evaluate(run, scope),
            from?.Evaluate(run, scope),
            to?.Evaluate(run, scope),
            step?.Evaluate(run, scope));
    }
}

/// <summary>What a call, a filter or a test is given, as it is written.</summary>
internal sealed class JinjaGiven(JinjaExpression[] values, (string Name, JinjaExpression Value)[] named)
{
    public static readonly JinjaGiven None = new([], []);

    public JinjaArguments Evaluate(JinjaRun run, JinjaScope scope) => values.Length == 0 && named.Length == 0 ? JinjaArguments.None : new(
        Array.ConvertAll(values, value => value.Evaluate(run, scope)),
        Array.ConvertAll(named, item => (item.Name, item.Value.Evaluate(run, scope))));
}

internal sealed class JinjaCall(int line, JinjaExpression of, JinjaGiven given) : JinjaExpression(line)
{
    public override object? Evaluate(JinjaRun run, JinjaScope scope) => Evaluate(run, scope, null);

    /// <param name="caller">What a call block has within, for the macro.</param>
    public object? Evaluate(JinjaRun run, JinjaScope scope, JinjaFunction? caller)
    {
        run.At(Line);
        var called = of.Evaluate(run, scope);
        var arguments = given.Evaluate(run, scope);
        if (caller is not null)
        {
            arguments = arguments with { Named = [.. arguments.Named, ("caller", caller)] };
        }
        run.At(Line);
        switch (called)
        {
            case JinjaMethod method:
                return method.Function.Call(run, method.Of, arguments);
            case JinjaFunction function:
                return function.Call(run, null, arguments);
            default:
                RefuseUndefined(run, called);
                throw run.Error($"'{TypeOf(called)}' object is not callable");
        }
    }
}

internal sealed class JinjaFilter(int line, string name, JinjaExpression of, JinjaGiven given) : JinjaExpression(line)
{
    private readonly JinjaFunction? _filter = JinjaFilters.All.GetValueOrDefault(name);

    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        var value = of.Evaluate(run, scope);
        var arguments = given.Evaluate(run, scope);
        return _filter is null ? throw run.Error($"there is no filter named '{name}' here") : _filter.Call(run, value, arguments);
    }
}

internal sealed class JinjaTest(int line, string name, JinjaExpression of, JinjaGiven given) : JinjaExpression(line)
{
    private readonly JinjaFunction? _test = JinjaTests.All.GetValueOrDefault(name);

    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        var value = of.Evaluate(run, scope);
        var arguments = given.Evaluate(run, scope);
        return _test is null ? throw run.Error($"there is no test named '{name}' here")
            : IsTrue(_test.Call(run, value, arguments)) ? True
            : False;
    }
}

internal sealed class JinjaNot(int line, JinjaExpression of) : JinjaExpression(line)
{
    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        return IsTrue(of.Evaluate(run, scope)) ? False : True;
    }
}

internal sealed class JinjaSigned(int line, bool isNegative, JinjaExpression of) : JinjaExpression(line)
{
    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        var negated = Negate(run, of.Evaluate(run, scope));
        return isNegative ? negated : Negate(run, negated);
    }
}

/// <summary><c>and</c>, <c>or</c>: one of the two values, as in Python.</summary>
internal sealed class JinjaEither(int line, bool isAnd, JinjaExpression first, JinjaExpression second) : JinjaExpression(line)
{
    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        var value = first.Evaluate(run, scope);
        return IsTrue(value) == isAnd ? second.Evaluate(run, scope) : value;
    }
}

internal sealed class JinjaCalculation(int line, string sign, JinjaExpression first, JinjaExpression second) : JinjaExpression(line)
{
    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        var value = first.Evaluate(run, scope);
        var other = second.Evaluate(run, scope);
        run.At(Line);
        return Calculate(run, sign, value, other);
    }
}

/// <summary>Texts of values one behind the other: <c>a ~ b</c>.</summary>
internal sealed class JinjaConcat(int line, JinjaExpression[] parts) : JinjaExpression(line)
{
    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        return JinjaFormat.Concat(run, Array.ConvertAll(parts, part => part.Evaluate(run, scope)));
    }
}

/// <summary>Comparisons one behind the other, all of which must hold: <c>a &lt; b &lt; c</c>.</summary>
internal sealed class JinjaComparison(int line, JinjaExpression first, (string Sign, JinjaExpression Value)[] others)
    : JinjaExpression(line)
{
    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        var left = first.Evaluate(run, scope);
        foreach (var (sign, other) in others)
        {
            var right = other.Evaluate(run, scope);
            if (!Holds(run, sign, left, right))
            {
                return False;
            }
            left = right;
        }
        return True;
    }

    private static bool Holds(JinjaRun run, string sign, object? a, object? b) => sign switch
    {
        "==" => AreEqual(run, a, b),
        "!=" => !AreEqual(run, a, b),
        "in" => Contains(run, b, a),
        "not in" => !Contains(run, b, a),
        "<" => Compare(run, a, b, sign) < 0,
        "<=" => Compare(run, a, b, sign) <= 0,
        ">" => Compare(run, a, b, sign) > 0,
        _ => Compare(run, a, b, sign) >= 0,
    };
}

/// <param name="otherwise">Null where there is no <c>else</c>.</param>
internal sealed class JinjaConditional(int line, JinjaExpression condition, JinjaExpression value, JinjaExpression? otherwise)
    : JinjaExpression(line)
{
    private static readonly JinjaUndefined s_nothing = new("the inline if-expression evaluated to false and no else section was defined");

    public override object? Evaluate(JinjaRun run, JinjaScope scope)
    {
        run.At(Line);
        return IsTrue(condition.Evaluate(run, scope)) ? value.Evaluate(run, scope)
            : otherwise is null ? s_nothing
            : otherwise.Evaluate(run, scope);
    }
}
