using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Compare;
using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Runs;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo compare</c>: campaigns side by side on the same held-out prompts.</summary>
public static class CompareCommand
{
    private static readonly Argument<DirectoryInfo[]> _states = new("DIR")
    {
        Description =
            "State directories: the first one's arm is what the others are compared with. Campaigns that differ in their seed alone are one arm.",
        Arity = new ArgumentArity(1, 100),
    };

    private static readonly Option<FileInfo?> _judge = new("--judge")
    {
        Description =
            "Who also compares the arms' answers, with those of the base and of the first arm: a campaign file, or one with a section campaign.judging alone, of which it is judging.judge.",
        HelpName = "FILE.conf",
    };

    private static readonly Option<FileInfo?> _verdicts = new("--verdicts")
    {
        Description = "Takes the judge's verdicts; the same command goes on where it was stopped, and what has one is not asked again.",
        HelpName = "FILE",
    };

    private static readonly Option<FileInfo?> _page = new("--out")
    {
        Description = "Also write the comparison as a page.",
        HelpName = "FILE.html",
    };
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "compare",
            "Compare campaigns on the same held-out prompts: paired differences with 95 % intervals, pass@1 and pass@k, length, tokens and time.",
            "./dpo compare state-rft state-dpo",
            "./dpo compare rft-1 rft-2 rft-3 dpo-1 dpo-2 dpo-3 --json",
            "./dpo compare state-rft state-dpo --out comparison.html",
            "./dpo compare state-rft state-dpo --judge judge.conf --verdicts verdicts.jsonl")
        {
            _states, _judge, _verdicts, _page, _json,
        };
        command.SetAction(CompareAsync);
        return command;
    }

    private static async Task<int> CompareAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (judge, verdicts) = (parsed.GetValue(_judge), parsed.GetValue(_verdicts));
        if (verdicts is not null && judge is null)
        {
            throw new UserInputException("--verdicts is for the verdicts of a judge: name one with --judge FILE.conf.");
        }
        var comparison = ArmComparison.Of(
            [.. parsed.GetRequiredValue(_states).Select(state => ArmRun.Read(state.FullName))],
            least: judge is null ? 2 : 1);
        if (judge is not null)
        {
            comparison = comparison with
            {
                Judged = await JudgeAsync(
                    comparison,
                    judge.FullName,
                    verdicts is null ? null : OutputPath.OfFile(verdicts, force: true, judge),
                    cancellationToken),
            };
        }
        Show(comparison, parsed.GetValue(_page)?.FullName, parsed.GetValue(_json));
        if (comparison.Judged is { FirstFailure: { } failure } judged)
        {
            await Console.Error.WriteLineAsync(
                PlainText.Of($"dpo: the judge failed on {judged.Failed} of the comparisons, first on {failure}"));
            return ExitCodes.Failed;
        }
        return ExitCodes.Done;
    }

    /// <param name="output">Takes the verdicts; null keeps none.</param>
    private static async Task<JudgedArms> JudgeAsync(
        ArmComparison comparison,
        string file,
        string? output,
        CancellationToken cancellationToken)
    {
        var options = await ModelFolders.WithFilesAsync(
            CampaignConfiguration.LoadForJudging(file, [], comparison.Arms[0].Runs[0].Options.ModelPath),
            cancellationToken);
        await using var judges = CampaignJudges.Factory(
            options,
            output is null ? null : $"{output}.work",
            line => Console.Error.WriteLine(PlainText.Of($"dpo: {line}")),
            TimeProvider.System);
        await using var judge = judges.Create(options.Judging.Judge);
        await judge.CheckAsync(JudgedArms.Questions(comparison).Select(question => question.Prompt), cancellationToken);
        var identity = new JudgeIdentities(options).Of(judge.Name);
        using var log = output is null ? null : VerdictLog.Open(output, identity);
        var attempts = options.Judging.AttemptsOf(judge, TimeProvider.System);
        try
        {
            return await StepProgress.RunAsync<LabelProgress, JudgedArms>(
                "judging",
                progress => (progress.Done, progress.Total, progress.Failed > 0 ? $"{progress.Failed} failed" : ""),
                progress =>
                    JudgedArms.AskAsync(
                        comparison,
                        identity,
                        new JudgeRun(attempts, options.Judging.Concurrency),
                        log,
                        progress,
                        cancellationToken));
        }
        finally
        {
            await attempts.RestAsync();
        }
    }

    /// <param name="page">The page to be written; null is none.</param>
    internal static void Show(ArmComparison comparison, string? page, bool json)
    {
        if (page is not null)
        {
            AtomicFile.Write(page, stream => stream.Write(Encoding.UTF8.GetBytes(ComparisonPage.Render(comparison))));
        }
        if (json)
        {
            CommonOptions.PrintJson(Json(comparison));
            return;
        }
        foreach (var line in Lines(comparison))
        {
            Console.WriteLine(PlainText.Of(line));
        }
        if (page is not null)
        {
            Console.WriteLine(PlainText.Of($"comparison: {page}"));
        }
    }

    private static IEnumerable<string> Lines(ArmComparison comparison)
    {
        var k = comparison.SamplesPerPrompt;
        yield return $"{"arm",-24} {"seeds",5} {"rounds",6} {"pass@1",7} {"tokens",7} {"entropy",8} {"KL",6} {"sampled",8} {$"pass@{k}",8} {"distinct",8} {"pairs",8} {"sampled tokens",15} {"time",9}";
        foreach (var arm in comparison.Arms)
        {
            yield return $"{arm.Name,-24} {arm.Runs.Count,5} {Number(arm.Mean(run => run.Rounds.Count()), "0.#"),6} {Percent(arm.Mean(run => run.Accuracy)),7} {Number(arm.Mean(run => run.MeanTokens), "0.0"),7} "
                + $"{Number(arm.Mean(run => run.State.LastKept!.MeanEntropy), "0.000"),8} {Number(arm.MeanOrNull(run => run.Kl), "0.00"),6} "
                + $"{Percent(arm.MeanOrNull(run => run.PassAtK(1))),8} {Percent(arm.MeanOrNull(run => run.PassAtK(k))),8} {Number(arm.MeanOrNull(run => run.DistinctRight), "0.00"),8} {Number(arm.Mean(run => run.Pairs), "N0"),8} "
                + $"{Number(arm.Mean(run => run.GeneratedTokens), "N0"),15} {Number(arm.Mean(run => run.Seconds), "N0"),7} s";
        }
        foreach (var difference in comparison.Differences)
        {
            yield return $"{difference.Arm} against {difference.Against}: {Points(difference.HeldOut.Mean)} points ({Points(difference.HeldOut.Low)} to {Points(difference.HeldOut.High)}) on {difference.HeldOut.Prompts} held-out prompts"
                + $"{(difference.McNemar is { } p ? $", McNemar's p {Number(p, "0.0000")}" : "")}{(difference.HeldOut.IsSure ? "" : "; the interval has 0 in it")}";
        }
        foreach (var (arm, against, wins, unjudged) in comparison.Judged?.Arms ?? [])
        {
            yield return $"{arm} against {against ?? "its base"}, by the judge: {Rate(wins?.Plain)} wins, length-controlled {Rate(wins?.LengthControlled)}, of answers to {wins?.Prompts ?? 0} held-out prompts"
                + $" ({wins?.Won ?? 0} better, {wins?.Lost ?? 0} worse, {wins?.Tied ?? 0} tied{(unjudged > 0 ? $", {unjudged} without a verdict" : "")})";
        }
        yield return $"pass@1, tokens and entropy: greedy answers of the last checkpoint that was kept; KL: its divergence from the base, nats an answer. Intervals: 95 %, paired bootstrap over prompts, {PairedDifference.Resamples:N0} resamples, of means over seeds.";
        yield return "sampled, pass@k and distinct right answers to a prompt: of the last round's samples, by the policy before that round's training, on prompts that it had not seen.";
        if (comparison.Judged is { } judged)
        {
            yield return $"wins: of greedy answers, judged by {judged.Judge}, ties counting half; length-controlled: by a logistic regression, for answers of the same length (arXiv 2404.04475). Intervals: 95 %, paired bootstrap over prompts, {WinRate.Resamples:N0} resamples.";
        }
    }

    private static ComparisonJson Json(ArmComparison comparison) => new(
        comparison.Arms.Select(arm => new
        {
            arm.Name,
            states = arm.Runs.Select(run => run.StatePath),
            seeds = arm.Runs.Select(run => run.Options.Seed),
            rounds = arm.Runs.Select(run => run.Rounds.Count()),
            heldout_accuracy = arm.Runs.Select(run => run.Accuracy),
            heldout_prompts = arm.Runs[0].Answers.Count,
            mean_tokens = arm.Mean(run => run.MeanTokens),
            mean_entropy = arm.Mean(run => run.State.LastKept!.MeanEntropy),
            kl_per_answer = arm.MeanOrNull(run => run.Kl),
            sampled_pass_at_1 = arm.MeanOrNull(run => run.PassAtK(1)),
            k = comparison.SamplesPerPrompt,
            sampled_pass_at_k = arm.MeanOrNull(run => run.PassAtK(comparison.SamplesPerPrompt)),
            distinct_right = arm.MeanOrNull(run => run.DistinctRight),
            pairs = arm.Mean(run => run.Pairs),
            generated_tokens = arm.Mean(run => run.GeneratedTokens),
            seconds = arm.Mean(run => run.Seconds),
        }),
        comparison.Differences.Select(difference => new
        {
            difference.Arm,
            difference.Against,
            difference.HeldOut.Mean,
            difference.HeldOut.Low,
            difference.HeldOut.High,
            difference.HeldOut.Prompts,
            mcnemar_p = difference.McNemar,
        }),
        $"95 %, percentile bootstrap over prompts, {PairedDifference.Resamples} resamples, of means over seeds",
        comparison.Judged is not { } judged ? null : new
        {
            judged.Judge,
            judged.Failed,
            wins = judged.Arms.Select(arm => new
            {
                arm.Arm,
                against = arm.Against ?? "base",
                win_rate = arm.Wins?.Plain,
                length_controlled_win_rate = arm.Wins?.LengthControlled,
                prompts = arm.Wins?.Prompts ?? 0,
                won = arm.Wins?.Won ?? 0,
                lost = arm.Wins?.Lost ?? 0,
                tied = arm.Wins?.Tied ?? 0,
                arm.Unjudged,
            }),
            interval = $"95 %, percentile bootstrap over prompts, {WinRate.Resamples} resamples",
        });

    /// <param name="Judged">Not there where no judge was asked.</param>
    private sealed record ComparisonJson(
        IEnumerable<object> Arms,
        IEnumerable<object> Differences,
        string Interval,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] object? Judged);

    private static string Rate(Estimate? estimate) =>
        estimate is { } known ? $"{Percent(known.Value)} % ({Percent(known.Low)} to {Percent(known.High)})" : "–";

    private static string Percent(double? share) => share is { } known ? Number(100 * known, "0.0") : "–";

    private static string Points(double difference) => Number(100 * difference, "+0.0;-0.0;0.0");

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "–";
}
