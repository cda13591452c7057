using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Rows;
using IterativeDpo.Artifacts.Text;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Runs;

namespace IterativeDpo.Training.Data;

/// <summary>Samples to be judged, in a file.</summary>
public static class LabelledSamplesFile
{
    private const string Kinds =
        "a line of a samples file, {\"prompt\": …, \"completions\": […]} or TRL's {\"prompt\": …, \"chosen\": …, \"rejected\": …}";

    /// <summary>
    /// Streams the rows of a <see cref="RowFile"/>, each recognised by its fields: samples as <see cref="SampleFile"/> has them; a prompt
    /// as
    /// <see cref="PromptFile"/> has it with <c>completions</c>, texts or <c>{"text", "model"}</c>; or a preference of TRL's, whose
    /// chosen completion is the label. Rows without an <c>id</c> are <c>row-LINE</c>.
    /// </summary>
    /// <exception cref="UserInputException">The file is missing or empty, or a line is none of these; names file and line.</exception>
    public static IEnumerable<LabelledSamples> Read(string path)
    {
        using var file = RowFile.Open(path, ["prompt", "completions"], ["chosen", "rejected"], ["samples"]);
        var any = false;
        foreach (var row in file.Read())
        {
            any = true;
            yield return Parse(row, file.PlaceOf(row.Number));
        }
        if (!any)
        {
            throw new UserInputException($"{path}: the file is empty, so there is nothing to judge; each line is {Kinds}.");
        }
    }

    private static LabelledSamples Parse(FileRow source, string where)
    {
        if (TextFault.OfLine(source.Json.Span) is { } broken)
        {
            throw new UserInputException($"{where}: {broken}.");
        }
        try
        {
            using var document = JsonDocument.Parse(source.Json);
            var row = document.RootElement;
            if (row.ValueKind == JsonValueKind.Object && row.TryGetProperty("samples", out _))
            {
                return new(SampleFile.Parse(source.Json.Span, where), null);
            }
            if (row.ValueKind == JsonValueKind.Object && row.TryGetProperty("completions", out var completions))
            {
                var prompt = PromptFile.Parse(Encoding.UTF8.GetString(source.Json.Span), where);
                return new(Of(prompt with { Id = IdOf(row, source) }, Completions(completions, where)), null);
            }
            if (row.ValueKind == JsonValueKind.Object && row.TryGetProperty("chosen", out _))
            {
                return Preference(RowParser.Parse(source.Json).Texts!, IdOf(row, source));
            }
            throw new UserInputException($"{where}: this cannot be judged; a line is {Kinds}.{Advice(row)}");
        }
        // A text with half of a surrogate pair.
        catch (InvalidOperationException e) when (TextFault.OfJson(source.Json.Span) is { } fault)
        {
            throw new UserInputException($"{where}: {fault}.", e);
        }
        catch (JsonException e)
        {
            throw new UserInputException(
                $"{where}: not JSON at byte {e.BytePositionInLine + 1}; every line must be one whole object: {Kinds}.",
                e);
        }
        catch (RowException e)
        {
            throw new UserInputException($"{where}: {e.Message}. Correct the row or take it out.", e);
        }
    }

    private static LabelledSamples Preference(RowTexts texts, string id) => new(
        Of(
            new Prompt(id, texts.Prompt.Turns, texts.Prompt.Text, null, [], Tools: texts.Prompt.Tools),
            [(TextOf(texts.First), null), (TextOf(texts.Second!), null)]),
        // Neither is right where neither is the better one.
        texts.Label == 0.5 ? null : new Verdict([new(0, texts.Label > 0.5 ? 1 : 0, ""), new(1, texts.Label < 0.5 ? 1 : 0, "")]));

    private static PromptSamples Of(Prompt prompt, IEnumerable<(string Text, string? Model)> completions) => new(
        prompt,
        [],
        [
            .. completions.Select(
                (completion, i) =>
                    new Sample(
                        i,
                        0,
                        [],
                        [],
                        completion.Text,
                        FinishReason.Eos,
                        0,
                        completion.Model,
                        AnswerAt: Sample.AnswerIn(completion.Text))),
        ]);

    private static (string Text, string? Model)[] Completions(JsonElement list, string where) =>
        list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0
            ? [.. list.EnumerateArray().Select(item => Completion(item, where))]
            : throw new UserInputException($"{where}: \"completions\" must be a list of texts, and not empty.");

    private static (string Text, string? Model) Completion(JsonElement item, string where)
    {
        if (item.ValueKind == JsonValueKind.String)
        {
            return (item.GetString()!, null);
        }
        if (item.ValueKind == JsonValueKind.Object && item.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String)
        {
            return (
                text.GetString()!,
                item.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.String ? model.GetString() : null);
        }
        throw new UserInputException(
            $"{where}: a completion must be a text or {{\"text\": \"…\", \"model\": \"…\"}}, not {item.GetRawText()}.");
    }

    private static string TextOf(Passage completion) => completion switch
    {
        { Text: { } text } => text,
        { Turns: [var turn] } => turn.Spell(),
        _ => throw new RowException(RowProblem.Unsupported, "a completion of several turns is not one answer, and cannot be judged"),
    };

    private static string IdOf(JsonElement row, FileRow source) =>
        row.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString()! : $"row-{source.Number}";

    private static string Advice(JsonElement row) => row.ValueKind == JsonValueKind.Object && row.TryGetProperty("pair", out _)
        ? " Pairs have token ids: convert them with ./dpo convert --to trl or trl-conversational."
        : row.ValueKind == JsonValueKind.Object && row.TryGetProperty("prompt", out _)
            ? " A prompt alone has no answers: sample some with ./dpo generate --prompts FILE --out samples.jsonl."
            : "";
}
