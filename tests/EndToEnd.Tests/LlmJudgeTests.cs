using IterativeDpo.Judging;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>Campaigns whose judge is a language model.</summary>
[Collection(nameof(PageTests))]
public sealed class LlmJudgeTests
{
    /// <summary>
    /// The seed policy knows little of judging and has 256 tokens of context, so it is asked briefly and believed in any case.
    /// </summary>
    private const string Judge =
        """
        judging { judge = self, timeout = 2m, judges { self { type = llm, model = policy, template = ask.txt, tie-margin = 0, min-label-mass = 0, context-tokens = 256 } } }
        evaluation.judge = verifier
        """;

    [Fact]
    public void Run_judgedByThePolicyItself_keepsWhatWasAskedInBothOrders()
    {
        using var campaign = new TinyCampaign(extra: Judge + "\nprompts.per-round = 8");
        WriteTemplate(campaign, "[user]\n{prompt} A: {answer_a} B: {answer_b} Better: A or B?");

        using var process = campaign.Run("--json", "--rounds", "1");

        Assert.True(process.ExitCode == 0, process.Errors);
        var verdicts = ReadVerdicts(campaign).ToArray();
        Assert.Equal(8, verdicts.Length);
        // A copy of a text has the comparison of its first sample, without asking again.
        var comparisons = verdicts
            .SelectMany(prompt => prompt.Verdict!.Comparisons!)
            .Where(comparison => comparison.Calls is not null)
            .ToArray();
        Assert.NotEmpty(comparisons);
        Assert.All(comparisons, comparison =>
        {
            Assert.Equal((comparison.Forward + comparison.Backward) / 2, comparison.Probability);
            var orders = comparison.Calls!.Select(call => call.Prompt.Split(" A: ")[1].Split(" Better:")[0].Split(" B: ")).ToArray();
            Assert.Equal(orders[0], orders[1].Reverse());
            Assert.All(comparison.Calls!, call => Assert.StartsWith("[user]\n", call.Prompt, StringComparison.Ordinal));
            Assert.All(comparison.Calls!, call => Assert.Matches("^A [0-9.E-]+, B [0-9.E-]+$", call.Answer));
        });
    }

    [Fact]
    public void Run_withAWrongTemplate_namesFileLineAndVariableBeforeAnythingIsSampled()
    {
        using var campaign = new TinyCampaign(extra: Judge);
        WriteTemplate(campaign, "[user]\n{prompt}\n{answer_a} or {answer_c}?");

        using var process = campaign.Run();

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("ask.txt, line 3: {answer_c} is no variable", process.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(campaign.StatePath));
    }

    private static void WriteTemplate(TinyCampaign campaign, string text) =>
        File.WriteAllText(Path.Combine(campaign.Root, "ask.txt"), text);

    private static IEnumerable<PromptVerdict> ReadVerdicts(TinyCampaign campaign)
    {
        foreach (var unit in campaign.ReadState().Rounds.Single(round => round.Judgements.Count > 0).Judgements.Values)
        {
            var hex = unit.Verdicts.Hex;
            using var stream = File.OpenRead(Path.Combine(campaign.StatePath, "artifacts", hex[..2], hex));
            foreach (var verdict in VerdictFile.Read(stream, hex))
            {
                yield return verdict;
            }
        }
    }
}
