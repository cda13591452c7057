using IterativeDpo.Artifacts;

namespace IterativeDpo.Training.Data;

/// <summary>What became of the rows of some data files.</summary>
/// <param name="Formats">The formats there are; one file has rows of one format.</param>
/// <param name="Rows">Rows read, blank lines aside.</param>
/// <param name="Examples">Examples they gave.</param>
/// <param name="Cut">Rows with a completion that was cut to the maximum length.</param>
/// <param name="RejectedByProblem">How many were not used, and why.</param>
/// <param name="FirstRejected">The first of those, at most <see cref="MostListed"/>.</param>
public sealed record RowSummary(
    IReadOnlyList<DataFormat> Formats,
    int Rows,
    int Examples,
    int Cut,
    IReadOnlyDictionary<RowProblem, int> RejectedByProblem,
    IReadOnlyList<RejectedRow> FirstRejected)
{
    /// <summary>Enough to see what is wrong with a file, and not so many that they cost memory.</summary>
    public const int MostListed = 1000;

    public int Rejected => RejectedByProblem.Values.Sum();

    /// <summary>Itself, where a row could be used.</summary>
    /// <exception cref="UserInputException">None could: says why, and this advice.</exception>
    internal RowSummary RequireExamples(string files, string advice) => Examples > 0 ? this : throw new UserInputException(
        $"{files}: none of the {Rows} rows can be used ({string.Join(", ", RejectedByProblem.Select(problem => $"{problem.Value} {problem.Key}"))}). {advice}");
}

/// <summary>Counts rows as they come.</summary>
internal sealed class RowCounter
{
    private readonly SortedDictionary<RowProblem, int> _byProblem = [];
    private readonly List<RejectedRow> _first = [];
    private readonly SortedSet<DataFormat> _formats = [];
    private int _rows;
    private int _examples;
    private int _cut;

    public int Rows => _rows;

    public void Use(DataFormat format, int examples, bool cut)
    {
        _formats.Add(format);
        _rows++;
        _examples += examples;
        _cut += cut ? 1 : 0;
    }

    public void Reject(RejectedRow row)
    {
        _rows++;
        _byProblem[row.Problem] = _byProblem.GetValueOrDefault(row.Problem) + 1;
        if (_first.Count < RowSummary.MostListed)
        {
            _first.Add(row);
        }
    }

    public RowSummary Summarise() => new([.. _formats], _rows, _examples, _cut, _byProblem, _first);
}
