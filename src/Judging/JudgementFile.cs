using System.Text.Encodings.Web;
using System.Text.Json;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Judging;

/// <summary>The judgements on one prompt's samples.</summary>
public sealed record PromptJudgements(string PromptId, IReadOnlyList<Judgement> Judgements);

/// <summary>Judgements as JSON lines, a prompt to a line, in the order given: equal judgements are equal bytes.</summary>
public static class JudgementFile
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(Stream stream, IEnumerable<PromptJudgements> judgements)
    {
        foreach (var line in judgements)
        {
            JsonSerializer.Serialize(stream, line, Options);
            stream.WriteByte((byte)'\n');
        }
    }

    /// <param name="name">Names the file in errors.</param>
    /// <exception cref="UserInputException">A line is not a prompt's judgements; names the file and the line.</exception>
    public static IEnumerable<PromptJudgements> Read(Stream stream, string name)
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            yield return Parse(line, $"{name}, line {number}");
        }
    }

    private static PromptJudgements Parse(string line, string where)
    {
        try
        {
            return JsonSerializer.Deserialize<PromptJudgements>(line, Options) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new UserInputException($"{where}: not a prompt's judgements ({e.Message}); the file is damaged, judge its prompts again.", e);
        }
    }
}
