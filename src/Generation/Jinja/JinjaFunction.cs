namespace IterativeDpo.Generation.Jinja;

/// <summary>The values that a call gives: those in their order, and those by name.</summary>
internal readonly record struct JinjaArguments(object?[] Values, (string Name, object? Value)[] Named)
{
    public static readonly JinjaArguments None = new([], []);
}

/// <summary>What can be called: a function, a filter, a test or a method.</summary>
/// <param name="call">Gets itself, what it is a filter, a test or a method of (null for functions), and what it is given.</param>
internal sealed class JinjaFunction(string name, Func<JinjaRun, object?, JinjaArguments, object?> call)
{
    public string Name => name;

    public object? Call(JinjaRun run, object? of, JinjaArguments arguments) => call(run, of, arguments);

    /// <param name="parameters">
    /// Their names with blanks between; one with a question mark may be left out, and is then <see cref="NotGiven"/>.
    /// </param>
    /// <param name="body">Gets the run, what it is of, and a value for every parameter.</param>
    public static JinjaFunction Of(string name, string parameters, Func<JinjaRun, object?, object?[], object?> body)
    {
        string[] written = parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            names = [.. written.Select(parameter => parameter.TrimEnd('?'))];
        var required = written.Count(parameter => !parameter.EndsWith('?'));
        return new(
            name,
            (run, of, given) =>
                body(
                    run,
                    of,
                    given.Values.Length == names.Length && given.Named.Length == 0 ? given.Values : Bind(run, name, names, required, given))
        );
    }

    /// <summary>One that takes any number of values.</summary>
    public static JinjaFunction OfAny(string name, Func<JinjaRun, IReadOnlyList<object?>, object?> body) =>
        new(
            name,
            (run, _, given) => given.Named.Length == 0 ? body(run, given.Values) : throw run.Error($"{name}() takes no keyword arguments"));

    private static object?[] Bind(JinjaRun run, string function, string[] names, int required, JinjaArguments given)
    {
        if (given.Values.Length > names.Length)
        {
            throw run.Error($"{function} takes {names.Length} arguments at most, and {given.Values.Length} were given");
        }
        var bound = new object?[names.Length];
        Array.Fill(bound, NotGiven.Value);
        given.Values.CopyTo(bound, 0);
        foreach (var (name, value) in given.Named)
        {
            var i = Array.IndexOf(names, name);
            if (i < 0 || bound[i] is not NotGiven)
            {
                throw run.Error(
                    i < 0
                        ? $"{function} got an unexpected keyword argument '{name}'"
                        : $"{function} got multiple values for argument '{name}'");
            }
            bound[i] = value;
        }
        return Array.FindIndex(bound, 0, required, value => value is NotGiven) is var missing and >= 0
            ? throw run.Error($"{function} misses the argument '{names[missing]}'")
            : bound;
    }
}

/// <summary>Stands for an argument that was left out.</summary>
internal sealed class NotGiven
{
    public static readonly NotGiven Value = new();
}

/// <summary>A method together with what it is of.</summary>
internal sealed record JinjaMethod(JinjaFunction Function, object Of);
