using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Host.Compare;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Runs;
using IterativeDpo.Judging.Tests;

namespace IterativeDpo.Host.Tests.Compare;

public sealed class JudgedArmsTests
{
    private static readonly CampaignOptions s_options = CampaignConfiguration.Load(BundledFiles.QuickstartCampaign).Options;

    private int _asked;

    [Fact]
    public async Task AskAsync_eachArmIsComparedWithItsBase_andWithTheFirst()
    {
        var judged = await AskAsync(ArmComparison.Of([Run("rft", 1, "bbbb"), Run("dpo", 1, "cbab")]));

        Assert.Equal(
            [("rft", null, 4, 0, 0), ("dpo", null, 3, 0, 1), ("dpo", "rft", 1, 1, 2)],
            judged.Arms.Select(arm => (arm.Arm, arm.Against, arm.Wins!.Won, arm.Wins.Lost, arm.Wins.Tied)));
        Assert.Equal((0.5, 4), (judged.Arms[2].Wins!.Plain.Value, judged.Arms[2].Wins!.Prompts));
        // The same text is not asked about, and the same question is asked once.
        Assert.Equal(4 + 1 + 2, _asked);
    }

    [Fact]
    public async Task AskAsync_seedsAreComparedWithTheSameSeed_andCountAsOnePrompt()
    {
        var judged = await AskAsync(ArmComparison.Of([Run("rft", 1, "b"), Run("rft", 2, "c"), Run("dpo", 2, "b"), Run("dpo", 3, "z")]));

        var against = Assert.Single(judged.Arms, arm => arm.Against is not null);
        Assert.Equal((0, 1), (against.Wins!.Won, against.Wins.Lost));
        Assert.Equal((2, 1), (judged.Arms[1].Wins!.Won, judged.Arms[1].Wins!.Prompts));
    }

    [Fact]
    public async Task AskAsync_whatTheJudgeGivesNoVerdictOn_isCounted()
    {
        var judged = await AskAsync(ArmComparison.Of([Run("rft", 1, "b?!")], least: 1));

        var wins = Assert.Single(judged.Arms);
        Assert.Equal((1, 2), (wins.Wins!.Won, wins.Unjudged));
        Assert.Equal(1, judged.Failed);
        Assert.EndsWith("no idea", judged.FirstFailure);
    }

    [Fact]
    public async Task AskAsync_withALog_doesNotAskAgain()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "verdicts.jsonl");
        var comparison = ArmComparison.Of([Run("rft", 1, "bc"), Run("dpo", 1, "cb")]);
        JudgedArms first;
        using (var log = VerdictLog.Open(path, "fake"))
        {
            first = await AskAsync(comparison, log);
        }
        var asked = _asked;

        using var again = VerdictLog.Open(path, "fake");
        var second = await AskAsync(comparison, again);

        Assert.Equal(asked, _asked);
        Assert.Equal(first.Arms, second.Arms);
        // The answers of a campaign that went on are other questions.
        await AskAsync(ArmComparison.Of([Run("rft", 1, "bc"), Run("dpo", 1, "db")]), again);
        Assert.Equal(asked + 2, _asked);
    }

    private async Task<JudgedArms> AskAsync(ArmComparison comparison, VerdictLog? log = null)
    {
        await using var judge = new FakeJudge((samples, _) => Task.FromResult(Judge([.. samples.Samples.Select(sample => sample.Text)])));
        var run = new JudgeRun(new JudgeAttempts(judge, TimeSpan.FromMinutes(1), 0, TimeProvider.System), 1);
        return await JudgedArms.AskAsync(comparison, "fake", run, log, new Progress<LabelProgress>(), CancellationToken.None);
    }

    /// <summary>Prefers what is later in the alphabet, abstains on "?" and fails on "!".</summary>
    private Verdict Judge(string[] texts)
    {
        _asked++;
        var preference =
            texts.Contains("?") ? Preference.Abstained
            : string.CompareOrdinal(texts[0], texts[1]) > 0 ? Preference.First
            : Preference.Second;
        return texts.Contains("!")
            ? throw new InvalidOperationException("no idea")
            : new Verdict([new(0, null, ""), new(1, null, "")], [new(0, 1, preference, 0.5, "")]);
    }

    /// <param name="answers">A letter for each prompt; the base answers all with "a".</param>
    private static ArmRun Run(string arm, ulong seed, string answers) => new(
        $"{arm}-{seed}",
        s_options with
        {
            Name = arm,
            Seed = seed,
            Training = s_options.Training with { Loss = s_options.Training.Loss with { Beta = arm == "dpo" ? 0.1f : 0.2f } },
        },
        CampaignState.Empty,
        new Dictionary<string, bool>(),
        Answers(answers),
        new(() => Answers(new string('a', answers.Length))),
        new Dictionary<string, SampledPrompt>());

    private static Dictionary<string, PromptSamples> Answers(string answers) => answers.Select((answer, i) => new PromptSamples(
        new Prompt($"p{i}", null, $"question {i}", null, []),
        [1],
        [new Sample(0, 1, [1, 2], [0, 0], $"{answer}", FinishReason.Eos, 0)]))
            .ToDictionary(prompt => prompt.Prompt.Id);
}
