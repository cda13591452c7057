using IterativeDpo.Artifacts;
using IterativeDpo.Judging.People;

namespace IterativeDpo.Host.Page;

/// <summary>What somebody may do on the page; each may what those before it may.</summary>
internal enum PageRole
{
    /// <summary>See everything.</summary>
    Reader,

    /// <summary>Judge pairs.</summary>
    Judge,

    /// <summary>Pause and resume the campaign, and raise its limits.</summary>
    Operator,
}

/// <summary>A token and what it is good for.</summary>
/// <param name="Person">Whose it is; null is nobody's in particular.</param>
internal sealed record PageToken(PageRole Role, string? Person, string Token)
{
    private const int LeastToken = 16;

    /// <summary>
    /// A token to a line, with its role before it and a name behind it where it has them: <c>judge TOKEN anna</c>. Lines that begin with #
    /// do not count.
    /// </summary>
    /// <param name="place">Names the text in errors.</param>
    /// <exception cref="UserInputException">A line is no token.</exception>
    public static IReadOnlyList<PageToken> Parse(string text, string place)
    {
        var tokens = new List<PageToken>();
        foreach (
            var (i, line) in text.Split('\n').Select(line => line.Trim()).Index().Where(line => line.Item.Length > 0 && line.Item[0] != '#')
        )
        {
            var words = line.Split([' ', '\t'], 3, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var (role, token, person) = words switch
            {
                [var only] => (PageRole.Reader, only, null),
                [var word, var second, .. var rest]
                    when Enum.TryParse<PageRole>(word, ignoreCase: true, out var known)
                        && Enum.IsDefined(known)
                        && !char.IsDigit(word[0]) => (known, second, rest.FirstOrDefault()),
                _ => throw new UserInputException(
                    $"{place}, line {i + 1}: write TOKEN alone, which may read, or ROLE TOKEN or ROLE TOKEN NAME, with one of reader, judge and operator for the role."),
            };
            if (token.Length < LeastToken || !token.All(c => c is > ' ' and < '\x7F'))
            {
                throw new UserInputException(
                    $"{place}, line {i + 1}: a token is {LeastToken} to any number of letters, digits and signs without spaces, such as: openssl rand -hex 24 gives.");
            }
            if (person is not null && !PageVisitor.IsName(person))
            {
                throw new UserInputException($"{place}, line {i + 1}: {PageVisitor.NameRule}.");
            }
            if (tokens.Any(other => other.Token == token))
            {
                throw new UserInputException($"{place}, line {i + 1}: this token is there twice; give each its own.");
            }
            tokens.Add(new(role, person, token));
        }
        return tokens;
    }
}

/// <summary>Who asks for something of the page.</summary>
/// <param name="Person">By the name that verdicts and commands are recorded with: the token's, or one that was typed; null where there is
/// none yet.</param>
/// <param name="HasOwnName">Whether the name is the token's.</param>
internal sealed record PageVisitor(PageRole Role, string? Person, bool HasOwnName)
{
    public static readonly string NameRule =
        $"a name has 1 to {PeopleQueue.MostNameCharacters} letters, digits, spaces and signs such as . - _ @ '";

    public static bool IsName(string name) =>
        name.Trim() == name
        && name.Length is > 0 and <= PeopleQueue.MostNameCharacters
        && name.All(c => char.IsLetterOrDigit(c) || c is ' ' or '.' or '-' or '_' or '@' or '\'');
}
