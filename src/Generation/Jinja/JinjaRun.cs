using System.Globalization;
using System.Runtime.CompilerServices;

namespace IterativeDpo.Generation.Jinja;

/// <summary>One rendering of a template: what time it is, and how much it has done, which has its limits.</summary>
/// <param name="time">For <c>strftime_now</c>; null where nobody says which time it is.</param>
internal sealed class JinjaRun(DateTimeOffset? time)
{
    /// <summary>A conversation of a hundred turns takes some ten thousand steps.</summary>
    public const int MostSteps = 5_000_000;

    /// <summary>Of one text.</summary>
    public const int MostCharacters = 1 << 24;

    private const long MostCharactersInAll = 1L << 29;

    private int _steps;
    private long _characters;
    private int _line;

    public DateTimeOffset? Time => time;

    public JinjaException Error(string problem) => new(problem, _line);

    /// <summary>What a template says by <c>raise_exception</c>.</summary>
    public JinjaException Raise(string message) => new(message, _line) { Raised = message };

    /// <summary>A step at this line.</summary>
    /// <exception cref="JinjaException">A limit is reached.</exception>
    public void At(int line)
    {
        _line = line;
        Step();
    }

    /// <summary>Before anything that may go on and on.</summary>
    /// <exception cref="JinjaException">A limit is reached.</exception>
    public void Step(int count = 1)
    {
        if ((_steps += count) > MostSteps || _steps < 0)
        {
            throw Error(string.Create(CultureInfo.InvariantCulture, $"it takes more than {MostSteps:N0} steps"));
        }
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error("it is nested too deeply");
        }
    }

    /// <summary>Before a text of this length is made.</summary>
    /// <exception cref="JinjaException">A limit is reached.</exception>
    public void Take(long length)
    {
        if (length > MostCharacters || (_characters += length) > MostCharactersInAll)
        {
            throw Error(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"it makes a text of more than {MostCharacters:N0} characters, or too many texts"));
        }
    }
}

/// <summary>The variables of a part of a template, over those around it. Names are interned.</summary>
internal sealed class JinjaScope(JinjaScope? outer)
{
    private string[] _names = [];
    private object?[] _values = [];
    private int _count;

    public bool TryGet(string name, out object? value)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            for (var i = 0; i < scope._count; i++)
            {
                if (ReferenceEquals(scope._names[i], name))
                {
                    value = scope._values[i];
                    return true;
                }
            }
        }
        value = null;
        return false;
    }

    public void Set(string name, object? value)
    {
        var i = 0;
        while (i < _count && !ReferenceEquals(_names[i], name))
        {
            i++;
        }
        if (i == _count)
        {
            if (_count == _names.Length)
            {
                Array.Resize(ref _names, Math.Max(4, 2 * _count));
                Array.Resize(ref _values, _names.Length);
            }
            _count++;
        }
        (_names[i], _values[i]) = (name, value);
    }

    private JinjaScope? Outer => outer;
}
