using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Campaigns.Tests.Configuration;
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
        var statistics = PromptStatistics.Update(
            [],
            1,
            first.Select((id, i) => (id, (IReadOnlyList<double>)(i < 6 ? [1, 1] : [0, 1]))),
            score => score >= 1);
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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_sets_and_the_gate_share_no_prompt_with_each_other_nor_with_training(bool fromFile)
    {
        WriteFile(400);
        var prompts = new CampaignPrompts(Options(fromFile,
            """
            gate { test = eprocess, prompts-per-task = 5 }
            evaluation.sets { one { prompts-per-task = 6 } two { tasks = [reverse], prompts-per-task = 7 } }
            """));

        string[][] sets =
        [
            [.. Ids(prompts.HeldOut)],
            [.. Ids(prompts.Of("gate"))],
            [.. Ids(prompts.Of("one"))],
            [.. Ids(prompts.Of("two"))],
        ];
        Assert.All(sets, set => Assert.NotEmpty(set));
        Assert.Distinct(sets.SelectMany(set => set));
        Assert.Empty(sets.SelectMany(set => set).Intersect(Enumerable.Range(1, 30).SelectMany(round => Ids(prompts.OfRound(round)))));
        Assert.Equal(7, sets[3].Length);
        // Neither the seed nor another set beside it changes one.
        Assert.Equal(
            sets[1],
            Ids(new CampaignPrompts(Options(fromFile, "gate { test = eprocess, prompts-per-task = 5 }, seed = 9")).Of("gate")));
    }

    [Fact]
    public void Of_a_set_from_a_file_has_all_its_prompts_and_refuses_one_that_is_trained_on()
    {
        WriteFile(100);
        var trained = PromptFile.Read(_file, Split.Train).First();
        var (good, bad) = (Path.ChangeExtension(_file, "good.jsonl"), Path.ChangeExtension(_file, "bad.jsonl"));
        File.WriteAllLines(good, ["""{"prompt": "Name a colour"}""", """{"prompt": "Name a bird"}"""]);
        using (var stream = File.Create(bad))
        {
            PromptFile.Write(stream, [trained]);
        }

        Assert.Equal(2, new CampaignPrompts(Options(true, $"evaluation.sets.own.file = \"{good}\"")).Of("own").Count);
        var error = Assert.Throws<UserInputException>(() => new CampaignPrompts(Options(true, $"evaluation.sets.own.file = \"{bad}\"")));

        Assert.Contains(
            $"{bad}, line 1: the prompt \"{trained.Id}\" of the set 'own' is trained on too",
            error.Message,
            StringComparison.Ordinal);
        File.Delete(good);
        File.Delete(bad);
    }

    [Theory]
    [InlineData(Split.Train, "is trained on too")]
    [InlineData(Split.HeldOut, "is in another set too")]
    public void Of_a_set_from_a_file_that_calls_a_prompt_by_another_id_is_refused_too(Split split, string problem)
    {
        WriteFile(100);
        var known = PromptFile.Read(_file, split).First();
        var other = Path.ChangeExtension(_file, "other.jsonl");
        using (var stream = File.Create(other))
        {
            PromptFile.Write(stream, [known with { Id = "mine" }]);
        }

        var error = Assert.Throws<UserInputException>(() => new CampaignPrompts(Options(true, $"evaluation.sets.own.file = \"{other}\"")));

        Assert.Contains($"the prompt \"mine\" of the set 'own' {problem}", error.Message, StringComparison.Ordinal);
        File.Delete(other);
    }

    [Fact]
    public void Of_a_set_for_which_a_file_has_no_held_out_prompt_left_is_refused()
    {
        WriteFile(100);

        var error = Assert.Throws<UserInputException>(() =>
            new CampaignPrompts(Options(true, "gate.test = mcnemar, evaluation.prompts-per-task = 1000")));

        Assert.Contains("no held-out prompt is left for the set 'gate'", error.Message, StringComparison.Ordinal);
    }

    private CampaignOptions Options(bool fromFile, string settings)
    {
        using var files = new ConfigurationFiles();
        return files.Load($$"""
            campaign {
              prompts { per-round = 10, tasks = [add, reverse]{{(fromFile ? $", file = \"{_file}\"" : "")}} }
              evaluation.prompts-per-task = 5
              {{settings}}
            }
            """).Options;
    }

    private static IEnumerable<string> Ids(IEnumerable<Prompt> prompts) => prompts.Select(prompt => prompt.Id);

    private void WriteFile(int prompts) =>
        File.WriteAllLines(
            _file,
            Enumerable.Range(0, prompts).Select(i => $$"""{"id": "p{{i}}", "prompt": "Question {{i}}", "task": "t"}"""));
}
