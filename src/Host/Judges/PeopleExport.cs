using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Artifacts.Text;
using IterativeDpo.Judging.People;

namespace IterativeDpo.Host.Judges;

/// <summary>Tasks as files of labelling tools. Which judge, policy or round an answer is of is in none of them.</summary>
internal static class PeopleExport
{
    /// <summary>Names of the formats.</summary>
    public const string Csv = "csv", Lines = "jsonl", LabelStudio = "label-studio", Argilla = "argilla";

    /// <summary>Orders of a file are those that are shown to this person, whom there is not.</summary>
    internal const string Nobody = "";

    private static readonly string[] s_columns = ["id", "prompt", "answer_a", "answer_b"];

    public static byte[] Write(IEnumerable<PeopleTask> tasks, string format) => format switch
    {
        Csv => Encoding.UTF8.GetBytes(
            CsvText.Row(s_columns) + string.Concat(tasks.Select(task => CsvText.Row(Fields(task).Select(field => field.Value))))),
        Lines => [.. tasks.SelectMany(task => JsonLines.Line(Fields(task)))],
        LabelStudio => Json(tasks.Select(task => new { data = Fields(task) })),
        _ => Json(tasks.Select(task => new { id = task.Id, fields = Fields(task).Where(field => field.Key != "id").ToDictionary() })),
    };

    private static byte[] Json<T>(IEnumerable<T> items) => [.. JsonSerializer.SerializeToUtf8Bytes(items, JsonLines.Options), (byte)'\n'];

    private static Dictionary<string, string> Fields(PeopleTask task)
    {
        var first = task.FirstShownTo(Nobody);
        return s_columns
            .Zip([task.Id, task.Prompt, task.TextOf(first), task.TextOf(task.OtherOf(first))])
            .ToDictionary(field => field.First, field => field.Second);
    }
}
