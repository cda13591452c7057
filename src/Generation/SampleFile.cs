using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Lines;

namespace IterativeDpo.Generation;

/// <summary>
/// Samples as JSON lines, one <see cref="PromptSamples"/> a line. The same samples give the same bytes, and numbers come back exactly;
/// both ways stream, so a file of any length takes one line's memory.
/// </summary>
public static class SampleFile
{
    private static readonly JsonLines<PromptSamples> Lines = new("not a prompt's samples", "Generate the file again.")
    {
        Json = new JsonSerializerOptions(SampleJson.Default.Options) { Encoder = JsonLines.Options.Encoder },
    };

    public static void Write(Stream stream, IEnumerable<PromptSamples> samples) => Lines.Write(stream, samples);

    /// <exception cref="UserInputException">The file is missing, or a line is not samples: names the file and the line.</exception>
    public static IEnumerable<PromptSamples> Read(string path) => Lines.Read(path);

    /// <summary>Reads one line.</summary>
    /// <param name="where">The file and line, for errors.</param>
    /// <exception cref="UserInputException">It is not samples.</exception>
    public static PromptSamples Parse(ReadOnlySpan<byte> line, string where) => Lines.Parse(line, where);
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
