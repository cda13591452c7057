using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Curriculum;

namespace IterativeDpo.Campaigns.Tests;

public sealed class CampaignPromptsTests : IDisposable
{
    private static readonly string[] Tasks = ["add", "reverse"];
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void OfRound_gives_other_prompts_in_every_round_and_the_same_ones_again()
    {
        var prompts = new CampaignPrompts(new PromptOptions(null, Tasks, 10), 5, 1);

        Assert.NotEqual(Ids(prompts.OfRound(1)), Ids(prompts.OfRound(2)));
        Assert.Equal(Ids(prompts.OfRound(1)), Ids(new CampaignPrompts(new PromptOptions(null, Tasks, 10), 5, 1).OfRound(1)));
    }

    [Fact]
    public void HeldOut_does_not_depend_on_the_seed()
    {
        var first = new CampaignPrompts(new PromptOptions(null, Tasks, 10), 5, 1);
        var second = new CampaignPrompts(new PromptOptions(null, Tasks, 10), 5, 2);

        Assert.Equal(Ids(first.HeldOut), Ids(second.HeldOut));
        Assert.NotEqual(Ids(first.OfRound(1)), Ids(second.OfRound(1)));
    }

    [Fact]
    public void HeldOut_has_so_many_prompts_of_every_task()
    {
        var prompts = new CampaignPrompts(new PromptOptions(null, Tasks, 10), 5, 1);

        Assert.All(Tasks, task => Assert.Equal(5, prompts.HeldOut.Count(prompt => prompt.Task == task)));
    }

    [Fact]
    public void OfRound_from_a_file_uses_every_prompt_before_one_comes_again()
    {
        WriteFile(100);
        var trainable = PromptFile.Read(_file, Split.Train).Count();

        var prompts = new CampaignPrompts(new PromptOptions(_file, [], trainable / 2), 5, 1);

        Assert.Equal(trainable / 2 * 2, Ids(prompts.OfRound(1)).Union(Ids(prompts.OfRound(2))).Count());
    }

    [Fact]
    public void OfRound_from_a_file_never_has_a_held_out_prompt()
    {
        WriteFile(100);
        var prompts = new CampaignPrompts(new PromptOptions(_file, [], 10), 50, 1);

        Assert.NotEmpty(prompts.HeldOut);
        Assert.Empty(Enumerable.Range(1, 20).SelectMany(round => Ids(prompts.OfRound(round))).Intersect(Ids(prompts.HeldOut)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OfRound_repeated_is_the_same_in_every_round(bool fromFile)
    {
        WriteFile(100);
        var prompts = new CampaignPrompts(new PromptOptions(fromFile ? _file : null, Tasks, 10, PromptOrder.Repeated), 5, 1);

        Assert.Equal(10, Ids(prompts.OfRound(1)).Distinct().Count());
        Assert.Equal(Ids(prompts.OfRound(1)), Ids(prompts.OfRound(7)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OfRound_curriculum_leaves_out_what_was_solved_and_is_the_same_in_every_process(bool fromFile)
    {
        WriteFile(100);
        var options = new PromptOptions(fromFile ? _file : null, Tasks, 10, PromptOrder.Curriculum, new CurriculumOptions(0.1, 0.9, 0, 4));
        var prompts = new CampaignPrompts(options, 5, 1);
        var first = Ids(prompts.OfRound(1)).ToArray();
        var statistics = PromptStatistics.Update([], 1, first.Select((id, i) => (id, (IReadOnlyList<double>)(i < 6 ? [1, 1] : [0, 1]))), score => score >= 1);
        var path = Path.ChangeExtension(_file, "statistics");
        using (var stream = File.Create(path))
        {
            PromptStatisticsFile.Write(stream, statistics);
        }

        var second = Ids(prompts.OfRound(2, path)).ToArray();

        Assert.Equal(second, Ids(new CampaignPrompts(options, 5, 1).OfRound(2, path)));
        File.Delete(path);
        Assert.Equal(10, second.Distinct().Count());
        Assert.Equal(first[6..].Order(), second[..4].Order());
        Assert.Empty(second.Intersect(first[..6]));
        Assert.Empty(second.Intersect(Ids(prompts.HeldOut)));
    }

    [Fact]
    public void Constructor_file_with_too_few_prompts_names_file_and_key()
    {
        WriteFile(10);

        var error = Assert.Throws<UserInputException>(() => new CampaignPrompts(new PromptOptions(_file, [], 50), 5, 1));

        Assert.Contains(_file, error.Message, StringComparison.Ordinal);
        Assert.Contains("campaign.prompts.per-round", error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Ids(IEnumerable<Prompt> prompts) => prompts.Select(prompt => prompt.Id);

    private void WriteFile(int prompts) =>
        File.WriteAllLines(_file, Enumerable.Range(0, prompts).Select(i => $$"""{"id": "p{{i}}", "prompt": "Question {{i}}", "task": "t"}"""));
}
