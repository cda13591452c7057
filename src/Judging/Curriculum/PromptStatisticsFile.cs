using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Lines;

namespace IterativeDpo.Judging.Curriculum;

/// <summary><see cref="PromptStatistics"/> as JSON lines, a prompt to a line, in the order given.</summary>
public static class PromptStatisticsFile
{
    private static readonly JsonLines<PromptStatistics> Lines = new(
        "not a prompt's statistics",
        "The file is damaged, put it back from a copy.")
    {
        Json = new(JsonLines.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull },
    };

    public static void Write(Stream stream, IEnumerable<PromptStatistics> statistics) => Lines.Write(stream, statistics);

    /// <exception cref="UserInputException">The file cannot be read, or a line is no prompt's statistics; names the file and the
    /// line.</exception>
    public static IEnumerable<PromptStatistics> Read(string path) => Lines.Read(path);
}
