using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Generation;

namespace IterativeDpo.Training.Data;

/// <summary>
/// Rows as lines of JSON. Beside TRL's columns stand <c>prompt_id</c> and, where they say something, <c>tools</c>,
/// <c>chosen_probability</c> and <c>provenance</c>.
/// </summary>
internal static class RowWriter
{
    public static byte[] Pair(PairRecord record) => JsonLines.Line(record);

    public static byte[] Preference(string promptId, RowTexts texts, PairProvenance? provenance) => JsonLines.Line(new PreferenceRow(
        texts.Prompt.ToJson(),
        texts.First.ToJson(),
        texts.Second!.ToJson(),
        texts.Prompt.Tools,
        promptId,
        texts.Label == 1 ? null : texts.Label,
        provenance));

    public static byte[] Unpaired(string promptId, Passage prompt, Passage completion, bool label, PairProvenance? provenance) =>
        JsonLines.Line(new UnpairedRow(prompt.ToJson(), completion.ToJson(), label, prompt.Tools, promptId, provenance));

    private sealed record PreferenceRow(
        object Prompt,
        object Chosen,
        object Rejected,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonText? Tools,
        string PromptId,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? ChosenProbability,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PairProvenance? Provenance);

    private sealed record UnpairedRow(
        object Prompt,
        object Completion,
        bool Label,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonText? Tools,
        string PromptId,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PairProvenance? Provenance);
}
