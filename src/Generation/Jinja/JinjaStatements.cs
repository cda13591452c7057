using static IterativeDpo.Generation.Jinja.JinjaOperators;

namespace IterativeDpo.Generation.Jinja;

/// <summary>How a statement ends: <c>break</c> and <c>continue</c> go up to their loop.</summary>
internal enum JinjaFlow { Next, Break, Continue }

/// <summary>A piece of a template that writes or sets something.</summary>
internal abstract class JinjaStatement(int line)
{
    public int Line => line;

    public abstract JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to);

    public static JinjaFlow RenderAll(JinjaStatement[] statements, JinjaRun run, JinjaScope scope, JinjaWriter to)
    {
        foreach (var statement in statements)
        {
            if (statement.Render(run, scope, to) is not JinjaFlow.Next and var flow)
            {
                return flow;
            }
        }
        return JinjaFlow.Next;
    }

    /// <summary>What statements write, in a scope of its own.</summary>
    protected static JinjaText Capture(JinjaStatement[] statements, JinjaRun run, JinjaScope scope)
    {
        var written = new JinjaWriter(run);
        RenderAll(statements, run, new(scope), written);
        return written.ToText();
    }
}

internal sealed class JinjaData(int line, string text) : JinjaStatement(line)
{
    public override JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to)
    {
        to.Add(text);
        return JinjaFlow.Next;
    }
}

internal sealed class JinjaOutput(int line, JinjaExpression value) : JinjaStatement(line)
{
    public override JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to)
    {
        run.At(Line);
        to.Add(JinjaFormat.ToText(run, value.Evaluate(run, scope)));
        return JinjaFlow.Next;
    }
}

internal sealed class JinjaIf(int line, (JinjaExpression? Condition, JinjaStatement[] Body)[] branches) : JinjaStatement(line)
{
    public override JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to)
    {
        run.At(Line);
        foreach (var (condition, body) in branches)
        {
            if (condition is null || IsTrue(condition.Evaluate(run, scope)))
            {
                return RenderAll(body, run, scope, to);
            }
        }
        return JinjaFlow.Next;
    }
}

/// <summary>One name, or several for what is taken apart.</summary>
internal sealed record JinjaTarget(string? Name, JinjaTarget[]? Parts)
{
    public void Set(JinjaRun run, JinjaScope scope, object? value)
    {
        if (Name is not null)
        {
            scope.Set(Name, value);
            return;
        }
        var items = JinjaItems.Of(run, value);
        if (items.Count != Parts!.Length)
        {
            throw run.Error($"there are {items.Count} values to take apart where {Parts.Length} are expected");
        }
        for (var i = 0; i < Parts.Length; i++)
        {
            Parts[i].Set(run, scope, items[i]);
        }
    }
}

internal sealed class JinjaFor(
    int line,
    JinjaTarget target,
    JinjaExpression items,
    JinjaExpression? condition,
    JinjaStatement[] body,
    JinjaStatement[] otherwise) : JinjaStatement(line)
{
    public override JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to)
    {
        run.At(Line);
        var all = JinjaItems.Of(run, items.Evaluate(run, scope));
        if (condition is not null)
        {
            all = JinjaItems.Take(run, all.Where(item => IsTrue(condition.Evaluate(run, Within(run, scope, item)))));
        }
        if (all.Count == 0)
        {
            return RenderAll(otherwise, run, scope, to);
        }
        var loop = new JinjaLoop(all);
        for (; loop.Index < all.Count; loop.Index++)
        {
            run.At(Line);
            var inner = Within(run, scope, all[loop.Index]);
            inner.Set("loop", loop);
            if (RenderAll(body, run, inner, to) == JinjaFlow.Break)
            {
                break;
            }
        }
        return JinjaFlow.Next;
    }

    private JinjaScope Within(JinjaRun run, JinjaScope scope, object? item)
    {
        var inner = new JinjaScope(scope);
        target.Set(run, inner, item);
        return inner;
    }
}

internal sealed class JinjaSet(int line, JinjaTarget target, JinjaExpression value) : JinjaStatement(line)
{
    public override JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to)
    {
        run.At(Line);
        target.Set(run, scope, value.Evaluate(run, scope));
        return JinjaFlow.Next;
    }
}

internal sealed class JinjaSetAttribute(int line, JinjaName of, string name, JinjaExpression value) : JinjaStatement(line)
{
    public override JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to)
    {
        run.At(Line);
        var set = value.Evaluate(run, scope);
        if (of.Evaluate(run, scope) is not JinjaNamespace variables)
        {
            throw run.Error("cannot assign attribute on non-namespace object");
        }
        variables.Values.TrySet(new JinjaText(name), set);
        return JinjaFlow.Next;
    }
}

/// <summary>A variable set to what is written within.</summary>
/// <param name="filtered">A filter of it, which is given as the variable of this name.</param>
internal sealed class JinjaSetBlock(int line, string name, JinjaExpression? filtered, JinjaStatement[] body) : JinjaStatement(line)
{
    public override JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to)
    {
        run.At(Line);
        scope.Set(name, JinjaFiltered.Apply(run, scope, filtered, Capture(body, run, scope)));
        return JinjaFlow.Next;
    }
}

internal sealed class JinjaFilterBlock(int line, JinjaExpression filtered, JinjaStatement[] body) : JinjaStatement(line)
{
    public override JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to)
    {
        run.At(Line);
        to.Add(JinjaFormat.ToText(run, JinjaFiltered.Apply(run, scope, filtered, Capture(body, run, scope))));
        return JinjaFlow.Next;
    }
}

/// <summary>What filters of a block are applied to, in the place of an expression.</summary>
internal static class JinjaFiltered
{
    /// <summary>No template can write this name.</summary>
    public const string Name = "(block)";

    public static object? Apply(JinjaRun run, JinjaScope scope, JinjaExpression? filtered, JinjaText text)
    {
        if (filtered is null)
        {
            return text;
        }
        var inner = new JinjaScope(scope);
        inner.Set(Name, text);
        return filtered.Evaluate(run, inner);
    }
}

internal sealed class JinjaWith(int line, (JinjaTarget Target, JinjaExpression Value)[] variables, JinjaStatement[] body)
    : JinjaStatement(line)
{
    public override JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to)
    {
        run.At(Line);
        var inner = new JinjaScope(scope);
        foreach (var (target, value) in variables)
        {
            target.Set(run, inner, value.Evaluate(run, scope));
        }
        return RenderAll(body, run, inner, to);
    }
}

/// <summary>What the assistant says, which transformers notes for a mask: here it is written as it is, in a scope of its own.</summary>
internal sealed class JinjaGeneration(int line, JinjaStatement[] body) : JinjaStatement(line)
{
    public override JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to)
    {
        run.At(Line);
        return RenderAll(body, run, new(scope), to);
    }
}

internal sealed class JinjaJump(int line, JinjaFlow flow) : JinjaStatement(line)
{
    public override JinjaFlow Render(JinjaRun run, JinjaScope scope, JinjaWriter to) => flow;
}
