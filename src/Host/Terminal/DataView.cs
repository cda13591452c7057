using System.Text.Json;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Host.Terminal;

/// <summary>The rows of data files, for people and as JSON.</summary>
internal static class DataView
{
    /// <summary>Progress in KiB, which fits the bar's integers for files of up to 2 TiB; a pipe's end is not in sight.</summary>
    public static (int Done, int Total, string Detail) Of(DataProgress progress) =>
        (
            (int)(progress.Bytes >> 10),
            Math.Max(1, (int)(progress.TotalBytes >> 10)),
            $"{progress.Rows} rows of {Path.GetFileName(progress.File)}");

    /// <summary>How many rows were not used, by the problem's name as in <c>chosen_equals_rejected</c>.</summary>
    public static SortedDictionary<string, int> Problems(RowSummary rows) =>
        new(rows.RejectedByProblem.ToDictionary(problem => Name(problem.Key), problem => problem.Value), StringComparer.Ordinal);

    /// <summary>The first rows that were not used.</summary>
    public static object[] BadRows(RowSummary rows) =>
        [.. rows.FirstRejected.Select(row => new { row.File, row.Line, Problem = Name(row.Problem), row.Detail })];

    /// <summary>As in <c>, 3 left out (2 not_json, 1 missing_field)</c>; empty where there are none.</summary>
    public static string Rejected(RowSummary rows) => rows.Rejected == 0
        ? ""
        : $", {rows.Rejected} left out ({string.Join(", ", Problems(rows).Select(problem => $"{problem.Value} {problem.Key}"))})";

    private static string Name(RowProblem problem) => JsonNamingPolicy.SnakeCaseLower.ConvertName(problem.ToString());
}
