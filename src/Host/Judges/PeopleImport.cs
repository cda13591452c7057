using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Text;
using IterativeDpo.Host.Page;
using IterativeDpo.Judging.People;

namespace IterativeDpo.Host.Judges;

/// <summary>A verdict in a file of a labelling tool.</summary>
/// <param name="Place">The file and the line or item.</param>
internal sealed record ImportedVerdict(string Place, string Task, string Person, PeopleAnswer Answer, double? Seconds);

/// <summary>
/// Reads what people said elsewhere: comma-separated values with a heading, JSON lines or a JSON array, of rows of our own, of Label Studio
/// or of Argilla, each recognised by its fields.
/// </summary>
/// <param name="person">Who judged, where a file does not say; null: it must.</param>
internal sealed class PeopleImport(string? person)
{
    private static readonly string[] s_answerColumns = ["answer", "choice", "preference", "verdict", "pairwise", "comparison"];
    private static readonly string[] s_personColumns = ["person", "annotator", "completed_by", "user_id"];
    private static readonly string[] s_secondsColumns = ["seconds", "lead_time"];

    private const string ResponsesEnd = ".responses";

    private static readonly Dictionary<string, PeopleAnswer> s_words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["a"] = PeopleAnswer.A,
        ["answer_a"] = PeopleAnswer.A,
        ["left"] = PeopleAnswer.A,
        ["b"] = PeopleAnswer.B,
        ["answer_b"] = PeopleAnswer.B,
        ["right"] = PeopleAnswer.B,
        ["tie"] = PeopleAnswer.Tie,
        ["both"] = PeopleAnswer.Tie,
        ["equal"] = PeopleAnswer.Tie,
        ["neither"] = PeopleAnswer.Neither,
        ["none"] = PeopleAnswer.Neither,
        ["skip"] = PeopleAnswer.Skip,
    };

    /// <exception cref="UserInputException">The file is none of these, or says something that is no verdict; names the place.</exception>
    public IReadOnlyList<ImportedVerdict> Read(string path)
    {
        var text = TextFile.Read(path);
        return text.TrimStart() switch
        {
            "" => [],
            ['[', ..] => [.. Items(path, text).SelectMany(item => OfItem(item.Node, item.Place))],
            ['{', ..] =>
            [
                .. text.Split('\n')
                    .Index()
                    .Where(line => line.Item.Trim().Length > 0)
                    .SelectMany(line => OfItem(ParseJson(line.Item, $"{path}, line {line.Index + 1}"), $"{path}, line {line.Index + 1}")),
            ],
            _ => [.. OfTable(path, text)],
        };
    }

    private static IEnumerable<(JsonNode? Node, string Place)> Items(string path, string text) =>
        ((JsonArray)ParseJson(text, path)!).Select((item, i) => (item, $"{path}, item {i + 1}"));

    private static JsonNode? ParseJson(string text, string place)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException e)
        {
            throw new UserInputException($"{place}: this is no JSON: {e.Message}", e);
        }
    }

    private IEnumerable<ImportedVerdict> OfTable(string path, string text)
    {
        var heading = text[..(text.IndexOf('\n') is >= 0 and var end ? end : text.Length)];
        var separator = heading.Count(c => c == ';') > heading.Count(c => c == ',') ? ';' : ',';
        string[]? columns = null;
        foreach (var (line, fields) in CsvText.Parse(text, separator, path))
        {
            var place = $"{path}, line {line}";
            if (columns is null)
            {
                columns = [.. fields];
                continue;
            }
            if (fields.Count != columns.Length)
            {
                throw new UserInputException($"{place}: {fields.Count} fields, and the heading has {columns.Length}.");
            }
            yield return OfRow(name => Array.IndexOf(columns, name) is >= 0 and var column ? fields[column] : null, place);
        }
    }

    private IEnumerable<ImportedVerdict> OfItem(JsonNode? node, string place)
    {
        if (node is not JsonObject item)
        {
            throw new UserInputException($"{place}: this is no object.");
        }
        if (item["annotations"] is JsonArray annotations)
        {
            var task = Text((item["data"] as JsonObject)?["id"]) ?? throw NoTask(place);
            return annotations
                .OfType<JsonObject>()
                .Select(one => Verdict(place, task, PersonIn(one["completed_by"]), ChoiceIn(one), Text(one["lead_time"])));
        }
        if (item["responses"] is JsonObject questions)
        {
            var task = Text(item["id"]) ?? throw NoTask(place);
            return questions.Count <= 1
                ? questions
                    .SelectMany(question => question.Value as JsonArray ?? [])
                    .OfType<JsonObject>()
                    .Select(one => Verdict(place, task, Text(one["user_id"]), Text(one["value"]), null))
                : throw Several(place, questions.Select(question => question.Key));
        }
        return Flattened(item, place) ?? [OfRow(name => Text(item[name]), place)];
    }

    /// <summary>Argilla's records as <c>to_list(flatten=True)</c> gives them, which alone say what was submitted.</summary>
    /// <returns>Null where it is none.</returns>
    private IEnumerable<ImportedVerdict>? Flattened(JsonObject item, string place)
    {
        var questions = item.Select(field => field.Key).Where(key => key.EndsWith(ResponsesEnd, StringComparison.Ordinal)).ToArray();
        if (questions is not [var question])
        {
            return questions.Length == 0 ? null : throw Several(place, questions.Select(key => key[..^ResponsesEnd.Length]));
        }
        var (answers, users, states) = (Of(""), Of(".users"), Of(".status"));
        return users.Length != answers.Length || states.Length != answers.Length
            ? throw new UserInputException(
                $"{place}: {question} has {answers.Length} answers, and they are of {users.Length} users in {states.Length} states.")
            : answers.Select((answer, i) => (Answer: answer, User: users[i], State: states[i])).Where(one => one.State != "draft")
                .Select(one =>
                    Verdict(place, Text(item["id"]) ?? throw NoTask(place), one.User, one.State == "discarded" ? "skip" : one.Answer, null)
                );

        string?[] Of(string what) => [.. (item[$"{question}{what}"] as JsonArray ?? []).Select(Text)];
    }

    private ImportedVerdict OfRow(Func<string, string?> field, string place) => Verdict(
        place,
        field("id") ?? field("task") ?? throw NoTask(place),
        First(s_personColumns, field),
        First(s_answerColumns, field),
        First(s_secondsColumns, field));

    private static string? First(string[] names, Func<string, string?> field) =>
        names.Select(field).FirstOrDefault(value => !string.IsNullOrEmpty(value));

    private ImportedVerdict Verdict(string place, string task, string? who, string? answer, string? seconds)
    {
        var name = string.IsNullOrEmpty(who) ? person : who;
        if (name is null || !PageVisitor.IsName(name))
        {
            throw new UserInputException(
                $"{place}: {(name is null ? $"it does not say who judged, in any of {string.Join(", ", s_personColumns)}; say so with --person" : $"'{name}' is no name: {PageVisitor.NameRule}")}.");
        }
        if (answer is null || !s_words.TryGetValue(answer.Trim(), out var known))
        {
            throw new UserInputException(
                $"{place}: {(answer is null ? $"it has no verdict in any of {string.Join(", ", s_answerColumns)}" : $"'{answer}' is no verdict")}; it must be one of {string.Join(", ", s_words.Keys)}.");
        }
        return new(
            place,
            task,
            name,
            known,
            double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out var took) && double.IsFinite(took) && took >= 0
                ? took
                : null);
    }

    /// <summary>Of a task that was cancelled, the person could not tell.</summary>
    private static string? ChoiceIn(JsonObject annotation)
    {
        var values = (annotation["result"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Select(result => result["value"] as JsonObject)
            .OfType<JsonObject>();
        return annotation["was_cancelled"] is JsonValue cancelled && cancelled.TryGetValue<bool>(out var isCancelled) && isCancelled
            ? "skip"
            : values
                .Select(value => Text(value["selected"]) ?? Text((value["choices"] as JsonArray)?.FirstOrDefault()))
                .FirstOrDefault(choice => choice is not null);
    }

    private static string? PersonIn(JsonNode? by) => by is JsonObject user ? Text(user["email"]) ?? Text(user["id"]) : Text(by);

    private static string? Text(JsonNode? node) => node is JsonValue value ? value.GetValueKind() switch
    {
        JsonValueKind.String => value.GetValue<string>(),
        JsonValueKind.Number => value.ToJsonString(),
        _ => null,
    } : null;

    private static UserInputException Several(string place, IEnumerable<string> questions) =>
        new(
            $"{place}: it answers {questions.Count()} questions, {string.Join(", ", questions)}; leave the one that says which answer is better.");

    private static UserInputException NoTask(string place) =>
        new(
            $"{place}: it has no 'id', by which ./dpo people export names a comparison; keep that when you export from the labelling tool."
        );
}
