using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Host.Commands;
using IterativeDpo.Host.Compare;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Host.Tests.Compare;

public sealed class ArmComparisonTests
{
    private static readonly CampaignOptions s_options = CampaignConfiguration.Load(BundledFiles.QuickstartCampaign).Options;

    [Fact]
    public void Of_campaignsThatDifferInTheirSeedAlone_isOneArmWithTheMeanOfItsSeeds()
    {
        var comparison = ArmComparison.Of(
        [
            Run("rft-1", seed: 1, "rft", right: "1100"),
            Run("rft-2", seed: 2, "rft", right: "1000"),
            Run("dpo-1", seed: 1, "dpo", right: "1110"),
            Run("dpo-2", seed: 2, "dpo", right: "1110"),
        ]);

        Assert.Equal([("rft", 2), ("dpo", 2)], comparison.Arms.Select(arm => (arm.Name, arm.Runs.Count)));
        var difference = Assert.Single(comparison.Differences);
        // By prompt: 0, 0.5, 1, 0.
        Assert.Equal(("dpo", "rft", 0.375), (difference.Arm, difference.Against, difference.HeldOut.Mean));
        Assert.Null(difference.McNemar);
    }

    [Fact]
    public void Of_oneCampaignEach_hasMcNemarsTest_onPromptsWithAVerdictInBoth()
    {
        var comparison = ArmComparison.Of([Run("a", 1, "rft", "0000-"), Run("b", 1, "dpo", "11110")]);

        Assert.Equal(4, comparison.Differences[0].HeldOut.Prompts);
        Assert.Equal(0.125, comparison.Differences[0].McNemar!.Value, 12);
    }

    [Fact]
    public void Of_campaignsWithOtherHeldOutPrompts_isRefused()
    {
        var error = Assert.Throws<UserInputException>(() => ArmComparison.Of([Run("a", 1, "rft", "11"), Run("b", 1, "dpo", "111")]));

        Assert.Contains("a and b are not evaluated on the same held-out prompts (p2 differs or is in one only)", error.Message);
    }

    [Fact]
    public void Of_anotherModel_isAnotherArm()
    {
        var other = Run("b", 2, "dpo", "11");

        var comparison = ArmComparison.Of([
            Run("a", 1, "dpo", "11"),
            other with
            {
                Options = other.Options with { ModelPath = "/models/other.gguf" },
            },
        ]);

        Assert.Equal(["a", "b"], comparison.Arms.Select(arm => arm.Name));
    }

    [Fact]
    public void Of_campaignsThatAreGradedOtherwise_isRefused()
    {
        var (one, other) = (Run("a", 1, "rft", "11"), Run("b", 1, "dpo", "11"));
        ArmRun With(CampaignOptions options) => other with { Options = options };
        JudgeOptions lenient = new VerifierOptions("lenient", [new AnswerCheck("ended", "")]);

        var judge = Assert.Throws<UserInputException>(() => ArmComparison.Of([one, With(other.Options with
        {
            Judging = other.Options.Judging with { Judge = "lenient", Judges = [lenient] },
        })]));
        var score = Assert.Throws<UserInputException>(() =>
            ArmComparison.Of([one, With(other.Options with { Evaluation = other.Options.Evaluation with { RightScore = 0.5 } })]));

        Assert.Contains("a and b are not graded by the same judge", judge.Message);
        Assert.Contains("evaluation.right-score", score.Message);
    }

    [Theory]
    [InlineData(
        "0101010101",
        "0101010101",
        "DPO gave 0.0 points of held-out accuracy (95 %: 0.0 to 0.0): 0 is in the interval, so this run shows no difference")]
    [InlineData("0000000000", "1111111111", "DPO gave +100.0 points of held-out accuracy (95 %: +100.0 to +100.0)")]
    [InlineData("1111111111", "0000000000", "DPO gave -100.0 points of held-out accuracy (95 %: -100.0 to -100.0)")]
    public void BeyondImitation_saysWhatWasMeasured(string imitation, string dpo, string expected) =>
        Assert.EndsWith(
            expected,
            RunCommand.BeyondImitation(ArmComparison.Of([Run("a", 1, "rft", imitation), Run("b", 1, "dpo", dpo)])),
            StringComparison.Ordinal);

    [Fact]
    public void Of_oneArm_isRefused()
    {
        var error = Assert.Throws<UserInputException>(() => ArmComparison.Of([Run("a", 1, "dpo", "11"), Run("b", 2, "dpo", "11")]));

        Assert.Contains("they are one arm", error.Message);
    }

    /// <param name="right">Of each held-out prompt 1 or 0, or - where the judge abstained.</param>
    private static ArmRun Run(string state, ulong seed, string loss, string right)
    {
        var options = s_options with
        {
            Name = loss,
            Seed = seed,
            Training = s_options.Training with { Loss = s_options.Training.Loss with { Beta = loss == "dpo" ? 0.1f : 0.2f } },
        };
        return new(
            state,
            options,
            CampaignState.Empty,
            right
                .Select((verdict, i) => (Id: $"p{i}", verdict))
                .Where(prompt => prompt.verdict != '-')
                .ToDictionary(prompt => prompt.Id, prompt => prompt.verdict == '1'),
            Enumerable
                .Range(0, right.Length)
                .ToDictionary(i => $"p{i}", i => new PromptSamples(new Prompt($"p{i}", null, $"question {i}", null, []), [], [])),
            new(new Dictionary<string, PromptSamples>()),
            new Dictionary<string, SampledPrompt>());
    }
}
