using System.Text;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Artifacts.Rows;
using IterativeDpo.Artifacts.Text;

namespace IterativeDpo.Generation;

/// <summary>
/// Prompts as rows of a <see cref="RowFile"/>, such as JSON lines: <c>prompt</c> is a text to continue or a list of
/// <c>{"role", "content"}</c> messages; <c>id</c>, <c>task</c> and <c>checks</c> (<c>{"kind", "value", "weight", "required"}</c>) may be
/// left out, and so may <c>tools</c>, which a conversation's assistant may call. Other members are ignored, so that rows of TRL's formats
/// are prompts too; without an id, the prompt's digest is its id, and a prompt that comes again without checks is the same one. In a file
/// named <c>.txt</c> every line that is not blank is a text to continue.
/// </summary>
public static class PromptFile
{
    /// <summary>Reads a file row by row; nothing beyond the ids is kept.</summary>
    /// <param name="side">The side of the split to read, or null for all.</param>
    /// <param name="answers">Whether each prompt has its row's own answer too: <c>chosen</c>, or <c>completion</c> unless its <c>label</c>
    /// is false.</param>
    /// <exception cref="UserInputException">Names the file and the line: no file, no prompts, not JSON, a member missing or of the wrong
    /// kind, an id twice.</exception>
    public static IEnumerable<Prompt> Read(string path, Split? side = null, bool answers = false) =>
        ReadPlaced(path, answers).Where(item => side is null || PromptSplit.Of(item.Prompt) == side).Select(item => item.Prompt);

    /// <summary>Says where in a file a prompt is, for errors: <c>file, line 3</c>.</summary>
    public static string PlaceOf(string promptId, string path) =>
        ReadPlaced(path).First(item => item.Prompt.Id == promptId).Place;

    private static IEnumerable<(Prompt Prompt, string Place)> ReadPlaced(string path, bool answers = false)
    {
        var isText = IsText(path);
        var rows = new Dictionary<string, int>();
        using var file = RowFile.Open(path, ["prompt"]);
        foreach (var row in file.Read())
        {
            var place = file.PlaceOf(row.Number);
            if (TextFault.OfLine(row.Json.Span) is { } fault)
            {
                throw new UserInputException($"{place}: {fault}.");
            }
            var line = Encoding.UTF8.GetString(row.Json.Span);
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }
            var (prompt, isNamed) = isText ? PromptLine.OfText(line) : PromptLine.Parse(line, place, answers);
            if (answers && prompt.Answer is null)
            {
                throw new UserInputException(
                    $"{place}: it gives no answer, and each is asked for: give it as \"completion\" or \"chosen\", or take the row out.");
            }
            if (rows.TryAdd(prompt.Id, row.Number))
            {
                yield return (prompt, place);
            }
            else if (isNamed || prompt.Checks.Count > 0)
            {
                throw new UserInputException(
                    $"{place}: the id \"{prompt.Id}\" is already on {file.NameOf(rows[prompt.Id])}; give every prompt its own \"id\" or take one of them out.");
            }
        }
        if (rows.Count == 0)
        {
            throw new UserInputException(
                $"{path} has no prompts; it needs one JSON object to a line, such as {{\"prompt\": \"Once upon a time\"}}, or one text to a line in a file named .txt.");
        }
    }

    /// <summary>Reads one line.</summary>
    /// <param name="where">The file and line, for errors.</param>
    /// <exception cref="UserInputException">Not JSON, a member missing or of the wrong kind.</exception>
    public static Prompt Parse(string line, string where) => PromptLine.Parse(line, where).Prompt;

    /// <summary>Writes prompts so that <see cref="Read"/> gives them back.</summary>
    public static void Write(Stream stream, IEnumerable<Prompt> prompts) => JsonLines.Write(stream, prompts.Select(prompt => new Row(
        prompt.Id,
        prompt.Task,
        new Passage(prompt.Text, prompt.Messages).ToJson(),
        prompt.Tools,
        prompt.Checks.Count > 0 ? prompt.Checks : null)));

    private static bool IsText(string path) =>
        (Path.GetExtension(path) is ".gz" or ".zst" ? Path.GetFileNameWithoutExtension(path) : path).EndsWith(
            ".txt",
            StringComparison.OrdinalIgnoreCase);

    private sealed record Row(
        string Id,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Task,
        object Prompt,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonText? Tools,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<AnswerCheck>? Checks);
}
