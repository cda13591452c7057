using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Lines;

namespace IterativeDpo.Training;

/// <summary>
/// A pair set as JSON lines, one <see cref="PairRecord"/> a line. The same records give the same bytes; reading streams,
/// so a file of any length takes one line's memory.
/// </summary>
public static class PairFile
{
    internal static readonly JsonSerializerOptions Json = new(JsonLines.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private static readonly JsonLines<PairRecord> Lines = new("not a pair", "Correct the line or remove it.")
    {
        Json = Json,
        Problem = record => ProblemOf(record.Pair),
    };

    public static void Write(Stream stream, IEnumerable<PairRecord> records) => Lines.Write(stream, records);

    /// <exception cref="UserInputException">The file is missing, or a line is not a pair: names the file and the line.</exception>
    public static IEnumerable<PairRecord> Read(string path) => Lines.Read(path);

    /// <exception cref="JsonException">Not a pair record.</exception>
    internal static PairRecord Parse(ReadOnlySpan<byte> line) =>
        JsonSerializer.Deserialize<PairRecord>(line, Json) ?? throw new JsonException("it is null");

    /// <exception cref="JsonException">Not a pair's provenance.</exception>
    internal static PairProvenance ParseProvenance(JsonElement element) =>
        element.Deserialize<PairProvenance>(Json) ?? throw new JsonException("it is null");

    private static string? ProblemOf(PreferencePair pair)
    {
        if (pair.PromptIds.Length == 0)
        {
            return "'prompt_ids' is empty, and the first completion token needs one to follow.";
        }
        if (pair.PromptIds.Concat(pair.ChosenIds).Concat(pair.RejectedIds).Any(id => id < 0))
        {
            return "A token id is negative.";
        }
        return pair.ChosenProbability is >= 0 and <= 1 ? null : "'chosen_probability' is outside 0 to 1.";
    }
}
