using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Training;

/// <summary>
/// A pair set as JSON lines, one <see cref="PairRecord"/> a line. The same records give the same bytes; reading streams,
/// so a file of any length takes one line's memory.
/// </summary>
public static class PairFile
{
    internal static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        // The texts are for people to read; the file is never put into a web page as it is.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(Stream stream, IEnumerable<PairRecord> records)
    {
        foreach (var record in records)
        {
            JsonSerializer.Serialize(stream, record, Json);
            stream.WriteByte((byte)'\n');
        }
    }

    /// <exception cref="UserInputException">The file is missing, or a line is not a pair: names the file and the line.</exception>
    public static IEnumerable<PairRecord> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserInputException($"{path}: there is no such pair file.");
        }
        return ReadLines(path);
    }

    private static IEnumerable<PairRecord> ReadLines(string path)
    {
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Parse(line, path, number);
            }
        }
    }

    private static PairRecord Parse(string line, string path, int number)
    {
        try
        {
            var record = Parse(Encoding.UTF8.GetBytes(line));
            return Problem(record.Pair) is { } problem ? throw new JsonException($"{problem}.") : record;
        }
        catch (JsonException e)
        {
            throw new UserInputException($"{path}, line {number}: not a pair: {e.Message} Correct the line or remove it.", e);
        }
    }

    /// <exception cref="JsonException">Not a pair record.</exception>
    internal static PairRecord Parse(ReadOnlySpan<byte> line) =>
        JsonSerializer.Deserialize<PairRecord>(line, Json) ?? throw new JsonException("it is null");

    /// <exception cref="JsonException">Not a pair's provenance.</exception>
    internal static PairProvenance ParseProvenance(JsonElement element) =>
        element.Deserialize<PairProvenance>(Json) ?? throw new JsonException("it is null");

    private static string? Problem(PreferencePair pair)
    {
        if (pair.PromptIds.Length == 0)
        {
            return "'prompt_ids' is empty, and the first completion token needs one to follow";
        }
        if (pair.PromptIds.Concat(pair.ChosenIds).Concat(pair.RejectedIds).Any(id => id < 0))
        {
            return "a token id is negative";
        }
        return pair.ChosenProbability is >= 0 and <= 1 ? null : "'chosen_probability' is outside 0 to 1";
    }
}
