using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging;

/// <summary>The verdict on one prompt's samples, or why there is none.</summary>
/// <param name="Verdict">Null: the judge failed on the prompt.</param>
/// <param name="Failure">How the judge failed; null where it did not.</param>
/// <param name="Source">In a file of its own: what was judged, and by whom. In a campaign the journal says so.</param>
public sealed record PromptVerdict(
    string PromptId,
    Verdict? Verdict,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Failure = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] VerdictSource? Source = null);

/// <param name="Judge">The judge's name, its type and models, and a digest of all that its verdicts depend on.</param>
/// <param name="SamplesSha256">Digest of the prompt and the samples, texts and token ids.</param>
public sealed record VerdictSource(string Judge, Digest SamplesSha256);

/// <summary>Verdicts as JSON lines, a prompt to a line, in the order given: equal verdicts are equal bytes.</summary>
public static class VerdictFile
{
    internal static readonly JsonLines<PromptVerdict> Lines =
        new JsonLines<PromptVerdict>("not a prompt's verdict", "The file is damaged, judge its prompts again.")
            .Or<LineWithoutComparisons>(line => new(line.PromptId, new Verdict(line.Judgements)));

    public static void Write(Stream stream, IEnumerable<PromptVerdict> verdicts) => Lines.Write(stream, verdicts);

    /// <param name="name">Names the file in errors.</param>
    /// <exception cref="UserInputException">A line is not a prompt's verdict; names the file and the line.</exception>
    public static IEnumerable<PromptVerdict> Read(Stream stream, string name) => Lines.Read(stream, name);

    /// <summary>The prompts of a samples file with the verdicts on them; those that the judge failed on are left out.</summary>
    /// <inheritdoc cref="ReadAllWith"/>
    public static IEnumerable<(PromptSamples Samples, Verdict Verdict)> ReadWith(string samplesPath, Stream verdicts, string name) =>
        ReadAllWith(samplesPath, verdicts, name)
            .Where(prompt => prompt.Judged.Verdict is not null)
            .Select(prompt => (prompt.Samples, prompt.Judged.Verdict!));

    /// <summary>The prompts of a samples file with the verdicts on them, or how the judge failed.</summary>
    /// <param name="verdicts">One for each prompt, in the same order.</param>
    /// <param name="name">Names the verdicts in errors.</param>
    /// <exception cref="UserInputException">A file is damaged, or the two are not of the same prompts; names the file and the
    /// line.</exception>
    public static IEnumerable<(PromptSamples Samples, PromptVerdict Judged)> ReadAllWith(string samplesPath, Stream verdicts, string name)
    {
        using var lines = Read(verdicts, name).GetEnumerator();
        var number = 0;
        foreach (var samples in SampleFile.Read(samplesPath))
        {
            number++;
            if (!lines.MoveNext() || lines.Current.PromptId != samples.Prompt.Id)
            {
                throw new UserInputException(
                    $"{name}, line {number}: not the verdict on prompt {samples.Prompt.Id}, which is next in {samplesPath}; judge these samples again.");
            }
            yield return (samples, lines.Current);
        }
    }

    /// <summary>A line from before judges compared samples.</summary>
    private sealed record LineWithoutComparisons(string PromptId, IReadOnlyList<Judgement> Judgements);
}
