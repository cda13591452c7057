using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Tasks;
using IterativeDpo.Training.Seed;

namespace IterativeDpo.Training.Tests.Seed;

public class SeedBatchesTests
{
    private static readonly SeedOptions Options = new("seed.gguf", BatchExamples: 500);

    [Fact]
    public void Draw_sameStep_isTheSame() =>
        Assert.Equal(SeedBatches.Draw(Options, 7).Select(Question), SeedBatches.Draw(Options, 7).Select(Question));

    [Fact]
    public void Draw_nextStep_differs() =>
        Assert.NotEqual(SeedBatches.Draw(Options, 7).Select(Question), SeedBatches.Draw(Options, 8).Select(Question));

    [Theory]
    [InlineData(0, 0.8)]
    [InlineData(200, 0.4)]
    [InlineData(400, 0)]
    [InlineData(2000, 0)]
    public void Draw_byStep_copyingGivesWayToTheTasks(int step, double share) =>
        Assert.InRange(Share(step, group => Question(group).StartsWith("Say ", StringComparison.Ordinal)), share - 0.07, share + 0.07);

    [Theory]
    [InlineData(500, 0)]
    [InlineData(1999, 0)]
    [InlineData(2000, 0.48)]
    public void Draw_secondPhaseOnly_hasTalk(int step, double share) =>
        Assert.InRange(
            Share(
                step,
                group =>
                    Answer(group).StartsWith("Sure!", StringComparison.Ordinal)
                    || Answer(group).StartsWith("The answer", StringComparison.Ordinal)),
            share - 0.07,
            share + 0.07);

    [Fact]
    public void Draw_secondPhase_isRightAsOftenAsSet() =>
        Assert.InRange(
            Share(2100, group => Answer(group) == RightSum(Question(group))) / Share(2100, group => RightSum(Question(group)) is not null),
            0.1,
            0.5);

    [Fact]
    public void Draw_anyStep_neverAsksAHeldOutQuestion()
    {
        string[] tasks = [.. TaskTable.All.Select(task => task.Name)];
        var heldOut = TaskGenerator.Prompts(1, tasks, 1200, Split.HeldOut).Select(prompt => prompt.Messages![0].Content!).ToHashSet();

        Assert.DoesNotContain(
            Enumerable.Range(2000, 10).SelectMany(step => SeedBatches.Draw(Options, step)),
            group => heldOut.Contains(Question(group)));
    }

    [Fact]
    public void Draw_openTasks_asksThemAloneAndNoHeldOutQuestion()
    {
        string[] tasks = [.. TaskTable.Open.Select(task => task.Name)];
        var heldOut = TaskGenerator.Prompts(1, tasks, 600, Split.HeldOut).Select(prompt => prompt.Messages![0].Content!).ToHashSet();
        var questions = SeedBatches.Draw(SeedOptions.Open("open.gguf") with { BatchExamples = 3000 }, 1300).Select(Question).ToArray();

        Assert.All(questions, question => Assert.Matches("^(Shuffle|Mix|Write a word|Make|Find|Name a|Give any|Pick|Choose)", question));
        Assert.DoesNotContain(questions, heldOut.Contains);
    }

    [Fact]
    public void Draw_anyExample_endsWithTheEndToken() =>
        Assert.All(SeedBatches.Draw(Options, 3), group => Assert.Equal(ByteVocabulary.End, group.Completions.Single()[^1]));

    /// <summary>The answer to one of the phrasings whose answer is easily worked out, or null.</summary>
    private static string? RightSum(string question)
    {
        var words = question.TrimEnd('?', '.').Split(' ');
        return question.StartsWith("What is", StringComparison.Ordinal) && question.Contains(" + ", StringComparison.Ordinal)
                ? $"{int.Parse(words[2]) + int.Parse(words[4])}"
            : question.StartsWith("Write ", StringComparison.Ordinal) && question.EndsWith("capitals.", StringComparison.Ordinal)
                ? words[1].ToUpperInvariant()
            : null;
    }

    private static double Share(int step, Func<PackedGroup, bool> holds) =>
        SeedBatches.Draw(Options, step).Count(holds) / (double)Options.BatchExamples;

    private static string Question(PackedGroup group) => ByteVocabulary.Decode(group.PromptIds).Trim('\n');

    private static string Answer(PackedGroup group) => ByteVocabulary.Decode(group.Completions[0]);
}
