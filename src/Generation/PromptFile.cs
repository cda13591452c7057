using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation;

/// <summary>
/// Prompts as JSON lines, one object to a line: <c>prompt</c> is a text to continue or a list of
/// <c>{"role", "content"}</c> messages; <c>id</c>, <c>task</c> and <c>checks</c> (<c>{"kind", "value", "weight", "required"}</c>) may be
/// left out. Other members are ignored, so that rows of TRL's formats are prompts too; without an id, the prompt's digest is its id, and a prompt
/// that comes again without checks is the same one. In a file named <c>.txt</c> every line that is not blank is a text to continue.
/// </summary>
public static class PromptFile
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a file line by line; nothing beyond the ids is kept.</summary>
    /// <param name="side">The side of the split to read, or null for all.</param>
    /// <exception cref="UserInputException">Names the file and the line: no file, no prompts, not JSON, a member missing or of the wrong kind, an id twice.</exception>
    public static IEnumerable<Prompt> Read(string path, Split? side = null) =>
        ReadNumbered(path).Where(item => side is null || PromptSplit.Of(item.Prompt) == side).Select(item => item.Prompt);

    /// <summary>Says where in a file a prompt is, for errors: <c>file, line 3</c>.</summary>
    public static string PlaceOf(string promptId, string path) =>
        $"{path}, line {ReadNumbered(path).First(item => item.Prompt.Id == promptId).Line}";

    private static IEnumerable<(Prompt Prompt, int Line)> ReadNumbered(string path)
    {
        var isText = path.EndsWith(".txt", StringComparison.OrdinalIgnoreCase);
        var lines = new Dictionary<string, int>();
        var number = 0;
        foreach (var line in ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }
            var (prompt, isNamed) = isText ? PromptLine.OfText(line) : PromptLine.Parse(line, $"{path}, line {number}");
            if (lines.TryAdd(prompt.Id, number))
            {
                yield return (prompt, number);
            }
            else if (isNamed || prompt.Checks.Count > 0)
            {
                throw new UserInputException(
                    $"{path}, line {number}: the id \"{prompt.Id}\" is already on line {lines[prompt.Id]}; give every prompt its own \"id\" or take one of them out.");
            }
        }
        if (lines.Count == 0)
        {
            throw new UserInputException($"{path} has no prompts; it needs one JSON object to a line, such as {{\"prompt\": \"Once upon a time\"}}, or one text to a line in a file named .txt.");
        }
    }

    /// <summary>Reads one line.</summary>
    /// <param name="where">The file and line, for errors.</param>
    /// <exception cref="UserInputException">Not JSON, a member missing or of the wrong kind.</exception>
    public static Prompt Parse(string line, string where) => PromptLine.Parse(line, where).Prompt;

    /// <summary>Writes prompts so that <see cref="Read"/> gives them back.</summary>
    public static void Write(Stream stream, IEnumerable<Prompt> prompts)
    {
        foreach (var prompt in prompts)
        {
            using (var writer = new Utf8JsonWriter(stream, WriterOptions))
            {
                WritePrompt(writer, prompt);
            }
            stream.WriteByte((byte)'\n');
        }
    }

    private static IEnumerable<string> ReadLines(string path)
    {
        try
        {
            return File.ReadLines(path, Encoding.UTF8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"{path}: the prompt file cannot be read ({e.Message}).", e);
        }
    }

    private static void WritePrompt(Utf8JsonWriter writer, Prompt prompt)
    {
        writer.WriteStartObject();
        writer.WriteString("id", prompt.Id);
        if (prompt.Task is not null)
        {
            writer.WriteString("task", prompt.Task);
        }
        if (prompt.Text is not null)
        {
            writer.WriteString("prompt", prompt.Text);
        }
        else
        {
            writer.WriteStartArray("prompt");
            foreach (var message in prompt.Messages!)
            {
                writer.WriteStartObject();
                writer.WriteString("role", message.Role);
                writer.WriteString("content", message.Content);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        WriteChecks(writer, prompt.Checks);
        writer.WriteEndObject();
    }

    private static void WriteChecks(Utf8JsonWriter writer, IReadOnlyList<AnswerCheck> checks)
    {
        if (checks.Count == 0)
        {
            return;
        }
        writer.WriteStartArray("checks");
        foreach (var check in checks)
        {
            writer.WriteStartObject();
            writer.WriteString("kind", check.Kind);
            writer.WriteString("value", check.Value);
            writer.WriteNumber("weight", check.Weight);
            if (check.Required)
            {
                writer.WriteBoolean("required", true);
            }
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}
