using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Judging.Curriculum;

/// <summary><see cref="PromptStatistics"/> as JSON lines, a prompt to a line, in the order given.</summary>
public static class PromptStatisticsFile
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(Stream stream, IEnumerable<PromptStatistics> statistics)
    {
        foreach (var prompt in statistics)
        {
            JsonSerializer.Serialize(stream, prompt, Options);
            stream.WriteByte((byte)'\n');
        }
    }

    /// <exception cref="UserInputException">The file cannot be read, or a line is no prompt's statistics; names the file and the line.</exception>
    public static IEnumerable<PromptStatistics> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserInputException($"{path}: the prompts' statistics are missing; put the file back from a copy of the state directory, or begin anew in another (--state).");
        }
        return File.ReadLines(path).Select((line, index) => Parse(line, $"{path}, line {index + 1}"));
    }

    private static PromptStatistics Parse(string line, string where)
    {
        try
        {
            return JsonSerializer.Deserialize<PromptStatistics>(line, Options) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new UserInputException($"{where}: not a prompt's statistics ({e.Message}); the file is damaged, put it back from a copy.", e);
        }
    }
}
