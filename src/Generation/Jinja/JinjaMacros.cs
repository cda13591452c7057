namespace IterativeDpo.Generation.Jinja;

/// <summary>What a body within <c>macro</c> or <c>call</c> is to whoever calls it.</summary>
/// <param name="Takes">Which of <c>varargs</c>, <c>kwargs</c> and <c>caller</c> it asks for.</param>
internal sealed record JinjaBody(
    string Name,
    (string Name, JinjaExpression? Default)[] Parameters,
    JinjaStatement[] Body,
    IReadOnlySet<string> Takes)
{
    public JinjaFunction In(JinjaScope scope) => new(Name, (run, _, given) => Call(run, scope, given));

    private JinjaText Call(JinjaRun run, JinjaScope scope, JinjaArguments given)
    {
        var inner = new JinjaScope(scope);
        var named = given.Named.ToList();
        for (var i = 0; i < Parameters.Length; i++)
        {
            var (name, standard) = Parameters[i];
            var place = named.FindIndex(item => item.Name == name);
            if (place >= 0 && i < given.Values.Length)
            {
                throw run.Error($"macro '{Name}' got multiple values for argument '{name}'");
            }
            inner.Set(name, i < given.Values.Length ? given.Values[i]
                : place >= 0 ? named[place].Value
                : standard is not null ? standard.Evaluate(run, inner)
                : new JinjaUndefined($"parameter '{name}' was not provided"));
            if (place >= 0)
            {
                named.RemoveAt(place);
            }
        }
        TakeRest(run, inner, given.Values, named);
        var written = new JinjaWriter(run);
        JinjaStatement.RenderAll(Body, run, inner, written);
        return written.ToText();
    }

    private void TakeRest(JinjaRun run, JinjaScope inner, object?[] values, List<(string Name, object? Value)> named)
    {
        var caller = named.FindIndex(item => item.Name == "caller");
        inner.Set("caller", caller >= 0 ? named[caller].Value : new JinjaUndefined("No caller defined"));
        if (caller >= 0)
        {
            named.RemoveAt(caller);
        }
        if (Takes.Contains("kwargs"))
        {
            inner.Set("kwargs", new JinjaDict(named));
        }
        else if (named.Count > 0)
        {
            throw run.Error($"macro '{Name}' takes no keyword argument '{named[0].Name}'");
        }
        if (Takes.Contains("varargs"))
        {
            inner.Set("varargs", new JinjaList([.. values.Skip(Parameters.Length)], isTuple: true));
        }
        else if (values.Length > Parameters.Length)
        {
            throw run.Error($"macro '{Name}' takes not more than {Parameters.Length} argument(s)");
        }
    }
}

internal sealed class JinjaMacro(int line, JinjaBody body) : JinjaStatement(line)
{
    public override JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to)
    {
        scope.Set(body.Name, body.In(scope));
        return JinjaFlow.Next;
    }
}

internal sealed class JinjaCallBlock(int line, JinjaCall call, JinjaBody body) : JinjaStatement(line)
{
    public override JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to)
    {
        run.At(Line);
        to.Add(JinjaFormat.ToText(run, call.Evaluate(run, scope, body.In(scope))));
        return JinjaFlow.Next;
    }
}
