using System.Runtime.CompilerServices;

namespace IterativeDpo.Generation.Jinja;

/// <summary>Goes through a template's tokens.</summary>
internal sealed class JinjaTokens(List<JinjaToken> tokens)
{
    private const int Deepest = 200;

    private int _at;
    private int _depth;

    public JinjaToken Current => tokens[_at];

    public int Line => Current.Line;

    public JinjaToken Next()
    {
        var token = tokens[_at];
        _at += token.Kind == JinjaTokenKind.End ? 0 : 1;
        return token;
    }

    public bool IsSign(string sign) => Current.Is(JinjaTokenKind.Sign, sign);

    public bool IsName(string name) => Current.Is(JinjaTokenKind.Name, name);

    public bool IsNameBehind(string name) => _at + 1 < tokens.Count && tokens[_at + 1].Is(JinjaTokenKind.Name, name);

    public bool IsSignBehind(string sign) => _at + 1 < tokens.Count && tokens[_at + 1].Is(JinjaTokenKind.Sign, sign);

    public bool TrySign(string sign)
    {
        var isThere = IsSign(sign);
        _at += isThere ? 1 : 0;
        return isThere;
    }

    public bool TryName(string name)
    {
        var isThere = IsName(name);
        _at += isThere ? 1 : 0;
        return isThere;
    }

    public void ExpectSign(string sign)
    {
        if (!TrySign(sign))
        {
            throw Unexpected($"'{sign}'");
        }
    }

    public void Expect(JinjaTokenKind kind)
    {
        if (Current.Kind != kind)
        {
            throw Unexpected($"{new JinjaToken(kind, "", 0)}");
        }
        Next();
    }

    public string ExpectName() => Current.Kind == JinjaTokenKind.Name ? (string)Next().Value : throw Unexpected("a name");

    public JinjaException Unexpected(string instead) => new($"{Current} where {instead} belongs", Line);

    public JinjaException Error(string problem) => new(problem, Line);

    /// <summary>Reads something that may have itself within.</summary>
    public T Within<T>(Func<T> read)
    {
        if (++_depth > Deepest || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error("it is nested too deeply");
        }
        var made = read();
        _depth--;
        return made;
    }
}
