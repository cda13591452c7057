using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation;

/// <summary>
/// Samples as JSON lines, one <see cref="PromptSamples"/> a line. The same samples give the same bytes, and numbers come back exactly;
/// both ways stream, so a file of any length takes one line's memory.
/// </summary>
public static class SampleFile
{
    private static readonly SampleJson Json = new(new JsonSerializerOptions(SampleJson.Default.Options)
    {
        // The texts are for people to read; the file is never put into a web page as it is.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static void Write(Stream stream, IEnumerable<PromptSamples> samples)
    {
        foreach (var promptSamples in samples)
        {
            JsonSerializer.Serialize(stream, promptSamples, Json.PromptSamples);
            stream.WriteByte((byte)'\n');
        }
    }

    /// <exception cref="UserInputException">The file is missing, or a line is not samples: names the file and the line.</exception>
    public static IEnumerable<PromptSamples> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserInputException($"{path}: there is no such sample file.");
        }
        return File.ReadLines(path).Select((line, index) => Parse(line, $"{path}, line {index + 1}"));
    }

    /// <summary>Reads one line.</summary>
    /// <param name="where">The file and line, for errors.</param>
    /// <exception cref="UserInputException">It is not samples.</exception>
    public static PromptSamples Parse(string line, string where)
    {
        try
        {
            return JsonSerializer.Deserialize(line, Json.PromptSamples) ?? throw new JsonException("It is null.");
        }
        catch (JsonException e)
        {
            throw new UserInputException($"{where}: not a prompt's samples: {e.Message} Generate the file again.", e);
        }
    }
}

/// <summary>The form of <see cref="SampleFile"/>'s lines, generated at compile time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(PromptSamples))]
internal sealed partial class SampleJson : JsonSerializerContext;
