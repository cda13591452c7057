using System.CommandLine;
using System.Globalization;
using System.Text;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Compare;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo compare</c>: campaigns side by side on the same held-out prompts.</summary>
public static class CompareCommand
{
    private static readonly Argument<DirectoryInfo[]> _states = new("DIR")
    {
        Description = "State directories: the first one's arm is what the others are compared with. Campaigns that differ in their seed alone are one arm.",
        Arity = new ArgumentArity(2, 100),
    };

    private static readonly Option<FileInfo?> _page = new("--out") { Description = "Also write the comparison as a page.", HelpName = "FILE.html" };
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "compare",
            "Compare campaigns on the same held-out prompts: paired differences with 95 % intervals, pass@1 and pass@k, length, tokens and time.",
            "./dpo compare state-rft state-dpo",
            "./dpo compare rft-1 rft-2 rft-3 dpo-1 dpo-2 dpo-3 --json",
            "./dpo compare state-rft state-dpo --out comparison.html")
        {
            _states, _page, _json,
        };
        command.SetAction(parsed => Compare([.. parsed.GetRequiredValue(_states).Select(state => state.FullName)], parsed.GetValue(_page)?.FullName, parsed.GetValue(_json)));
        return command;
    }

    /// <param name="page">The page to be written; null is none.</param>
    internal static int Compare(IReadOnlyList<string> states, string? page, bool json)
    {
        var comparison = ArmComparison.Of([.. states.Select(ArmRun.Read)]);
        if (page is not null)
        {
            AtomicFile.Write(page, stream => stream.Write(Encoding.UTF8.GetBytes(ComparisonPage.Render(comparison))));
        }
        if (json)
        {
            CommonOptions.PrintJson(Json(comparison));
            return ExitCodes.Done;
        }
        foreach (var line in Lines(comparison))
        {
            Console.WriteLine(PlainText.Of(line));
        }
        if (page is not null)
        {
            Console.WriteLine(PlainText.Of($"comparison: {page}"));
        }
        return ExitCodes.Done;
    }

    private static IEnumerable<string> Lines(ArmComparison comparison)
    {
        var k = comparison.SamplesPerPrompt;
        yield return $"{"arm",-24} {"seeds",5} {"rounds",6} {"pass@1",7} {"tokens",7} {"sampled",8} {$"pass@{k}",8} {"distinct",8} {"pairs",8} {"sampled tokens",15} {"time",9}";
        foreach (var arm in comparison.Arms)
        {
            yield return $"{arm.Name,-24} {arm.Runs.Count,5} {Number(arm.Mean(run => run.Rounds.Count()), "0.#"),6} {Percent(arm.Mean(run => run.Accuracy)),7} {Number(arm.Mean(run => run.MeanTokens), "0.0"),7} "
                + $"{Percent(arm.MeanOrNull(run => run.PassAtK(1))),8} {Percent(arm.MeanOrNull(run => run.PassAtK(k))),8} {Number(arm.MeanOrNull(run => run.DistinctRight), "0.00"),8} {Number(arm.Mean(run => run.Pairs), "N0"),8} "
                + $"{Number(arm.Mean(run => run.GeneratedTokens), "N0"),15} {Number(arm.Mean(run => run.Seconds), "N0"),7} s";
        }
        foreach (var difference in comparison.Differences)
        {
            yield return $"{difference.Arm} against {difference.Against}: {Points(difference.HeldOut.Mean)} points ({Points(difference.HeldOut.Low)} to {Points(difference.HeldOut.High)}) on {difference.HeldOut.Prompts} held-out prompts"
                + $"{(difference.McNemar is { } p ? $", McNemar's p {Number(p, "0.0000")}" : "")}{(difference.HeldOut.IsSure ? "" : "; the interval has 0 in it")}";
        }
        yield return $"pass@1: greedy answers of the last checkpoint that was kept. Intervals: 95 %, paired bootstrap over prompts, {PairedDifference.Resamples:N0} resamples, of means over seeds.";
        yield return "sampled, pass@k and distinct right answers to a prompt: of the last round's samples, by the policy before that round's training, on prompts that it had not seen.";
    }

    private static object Json(ArmComparison comparison) => new
    {
        arms = comparison.Arms.Select(arm => new
        {
            arm.Name,
            states = arm.Runs.Select(run => run.StatePath),
            seeds = arm.Runs.Select(run => run.Options.Seed),
            rounds = arm.Runs.Select(run => run.Rounds.Count()),
            heldout_accuracy = arm.Runs.Select(run => run.Accuracy),
            heldout_prompts = arm.Runs[0].Asked.Count,
            mean_tokens = arm.Mean(run => run.MeanTokens),
            mean_entropy = arm.Mean(run => run.State.LastKept!.MeanEntropy),
            sampled_pass_at_1 = arm.MeanOrNull(run => run.PassAtK(1)),
            k = comparison.SamplesPerPrompt,
            sampled_pass_at_k = arm.MeanOrNull(run => run.PassAtK(comparison.SamplesPerPrompt)),
            distinct_right = arm.MeanOrNull(run => run.DistinctRight),
            pairs = arm.Mean(run => run.Pairs),
            generated_tokens = arm.Mean(run => run.GeneratedTokens),
            seconds = arm.Mean(run => run.Seconds),
        }),
        differences = comparison.Differences.Select(difference => new
        {
            difference.Arm,
            difference.Against,
            difference.HeldOut.Mean,
            difference.HeldOut.Low,
            difference.HeldOut.High,
            difference.HeldOut.Prompts,
            mcnemar_p = difference.McNemar,
        }),
        interval = $"95 %, percentile bootstrap over prompts, {PairedDifference.Resamples} resamples, of means over seeds",
    };

    private static string Percent(double? share) => share is { } known ? Number(100 * known, "0.0") : "–";

    private static string Points(double difference) => Number(100 * difference, "+0.0;-0.0;0.0");

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "–";
}
