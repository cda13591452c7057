namespace IterativeDpo.Generation.Jinja;

/// <summary>A template cannot be read, or cannot show what it is given: says in which of its lines, and what is wrong.</summary>
/// <param name="line">The template's line, from 1; 0 where it is not known yet.</param>
internal sealed class JinjaException(string problem, int line = 0) : Exception(line > 0 ? $"line {line}: {problem}" : problem)
{
    public string Problem { get; } = problem;

    public int Line { get; } = line;

    /// <summary>What the template said by <c>raise_exception</c>; null where it is something else that is wrong.</summary>
    public string? Raised { get; init; }
}
