using System.CommandLine;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Http;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Runs;
using IterativeDpo.Judging.Verifier;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo judge</c>: a judge's verdicts on the samples in a file, and how good they are.</summary>
public static class JudgeCommand
{
    private const string SettingExample = "judging.concurrency=8";

    private static readonly Argument<FileInfo> _file = new("FILE")
    {
        Description =
            "JSON lines (also .gz and .zst) or Parquet: samples of ./dpo generate --out or of a campaign; {\"prompt\", \"completions\": […]}; or TRL's preferences, whose chosen answers are the labels.",
    };

    private static readonly Option<string> _judge = new("--judge")
    {
        Description = "A judge's name: one of judging.judges, or verifier.",
        HelpName = "NAME",
        Required = true,
    };
    private static readonly Option<FileInfo?> _config = new("--config")
    {
        Description = "A campaign file, or one with a section campaign.judging alone.",
        HelpName = "FILE",
    };
    private static readonly Option<string[]> _set = CommonOptions.Settings(SettingExample);
    private static readonly Option<FileInfo?> _gold = new("--gold")
    {
        Description = "What is right: lines {\"id\", \"scores\": [1, 0]}, or the --out of another judge.",
        HelpName = "FILE",
    };
    private static readonly Option<FileInfo?> _out = new("--out")
    {
        Description = "Takes the verdicts; the same command goes on where it was stopped.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> _ownModel = new("--judge-model")
    {
        Description = "The judge's own name among the samples' \"model\", to measure whether it prefers itself.",
        HelpName = "NAME",
    };
    private static readonly Option<bool> _force = CommonOptions.Force();
    private static readonly Option<bool> _forget = new("--forget")
    {
        Description = "With --force: ask services again, too; their answers of earlier runs are not used. What they spent stays spent.",
    };
    private static readonly Option<int?> _threads = CommonOptions.Threads();
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "judge",
            "Judge the samples in a file and measure the judge. Exits with 1 where it failed on some prompts; the same command tries those again.",
            "./dpo judge samples.jsonl --judge verifier",
            "./dpo judge samples.jsonl --judge small --config campaign.conf --out verdicts.jsonl",
            "./dpo judge preferences.jsonl --judge small --config judges.conf --set judging.concurrency=8 --json",
            "./dpo judge samples.jsonl --judge small --config judges.conf --gold labels.jsonl --judge-model qwen2.5-7b")
        {
            _file, _judge, _config, _set, _gold, _out, _ownModel, _force, _forget, _threads, _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (file, output, gold) = (parsed.GetRequiredValue(_file), parsed.GetValue(_out), parsed.GetValue(_gold));
        var options = await ModelFolders.WithFilesAsync(
            CampaignConfiguration.LoadForJudging(parsed.GetValue(_config)?.FullName, Overrides(parsed), BundledFiles.SeedModel),
            cancellationToken);
        var outputPath = output is null ? null : OutputPath.OfFile(output, force: true, gold is null ? [file] : [file, gold]);
        var labels = gold is null ? new Dictionary<string, Verdict>() : LabelFile.Read(gold.FullName);
        if (outputPath is not null && parsed.GetValue(_forget))
        {
            if (!parsed.GetValue(_force) && new FileInfo(outputPath) is { Exists: true, Length: > 0 })
            {
                throw new UserInputException(
                    $"--forget: the verdicts in {outputPath} would stay, and what has one is not asked about. Add --force to replace them; nothing was changed.");
            }
            foreach (var service in options.Judging.FindAll(options.Judging.Judge).OfType<HttpJudgeOptions>())
            {
                await service.ForgetAnswersAsync($"{outputPath}.work", TimeProvider.System);
            }
        }
        await using var judges = CampaignJudges.Factory(
            options,
            outputPath is null ? null : $"{outputPath}.work",
            line => Console.Error.WriteLine(PlainText.Of($"dpo: {line}")),
            TimeProvider.System);
        await using var judge = judges.Create(options.Judging.Judge);
        var input = JudgeInput.Check(LabelledSamplesFile.Read(file.FullName), file.FullName, labels, gold?.FullName);
        await judge.CheckAsync(LabelledSamplesFile.Read(file.FullName).Select(prompt => prompt.Samples.Prompt), cancellationToken);
        using var log = outputPath is null
            ? null
            : VerdictLog.Open(outputPath, new JudgeIdentities(options).Of(judge.Name), parsed.GetValue(_force));
        input.RefuseOthers(log?.PromptIds ?? [], outputPath ?? "");

        var quality = new JudgeQuality(parsed.GetValue(_ownModel));
        var isVerifier = options.Judging.Find(options.Judging.Judge) is VerifierOptions;
        var attempts = options.Judging.AttemptsOf(judge, TimeProvider.System);
        var run = new LabelRun(
            attempts,
            options.Judging.Concurrency,
            log,
            quality,
            labels,
            isVerifier ? null : new VerifierJudge(options.Judging.DefaultChecks));
        var start = TimeProvider.System.GetTimestamp();
        var done = await StepProgress.RunAsync<LabelProgress, LabelProgress>(
            "judging",
            progress => (progress.Done, progress.Total, Detail(progress, TimeProvider.System.GetElapsedTime(start))),
            progress => run.RunAsync(LabelledSamplesFile.Read(file.FullName), input.PromptIds.Count, progress, cancellationToken));

        var limits = options.Judging.Limits ?? new JudgeLimits();
        Print(
            judge.Name,
            quality.Figures(),
            done,
            SelfPreferenceSkipped(parsed, input, quality.Figures()),
            [.. (isVerifier ? limits.ForVerifier() : limits).Warnings(quality.Figures())],
            outputPath,
            parsed.GetValue(_json));
        if (run.FirstFailure is { } failure)
        {
            Console.Error.WriteLine(PlainText.Of($"dpo: the judge failed on {done.Failed} of {done.Total} prompts, first on {failure}"));
            return ExitCodes.Failed;
        }
        return ExitCodes.Done;
    }

    private static List<ConfigurationOverride> Overrides(ParseResult parsed)
    {
        var overrides = CommonOptions.Overrides(parsed.GetValue(_set), SettingExample).ToList();
        overrides.Add(new("campaign.judging.judge", parsed.GetRequiredValue(_judge), $"--judge {parsed.GetRequiredValue(_judge)}"));
        if (parsed.GetValue(_threads) is { } threads)
        {
            overrides.Add(new("campaign.threads", $"{threads}", "--threads"));
        }
        return overrides;
    }

    private static string Detail(LabelProgress progress, TimeSpan elapsed)
    {
        var rate = (progress.Done - progress.Known) / elapsed.TotalSeconds;
        return $"{rate:F1} prompts/s{(progress.Failed > 0 ? $", {progress.Failed} failed" : "")}";
    }

    private static string? SelfPreferenceSkipped(ParseResult parsed, JudgeInput input, JudgeFigures figures) =>
        figures.SelfPreference.Of > 0 ? null
        : parsed.GetValue(_ownModel) is not { } own ? "the judge's own model is not known; name it with --judge-model"
        : !input.HasModels ? "no sample says its \"model\""
        : $"no two samples set {own} against another model with a winner";

    private static void Print(
        string judge, JudgeFigures figures, LabelProgress done, string? selfSkipped, string[] warnings, string? output, bool json)
    {
        foreach (var warning in warnings)
        {
            Console.Error.WriteLine($"dpo: warning: {warning}");
        }
        if (json)
        {
            CommonOptions.PrintJson(new
            {
                judge,
                output,
                already_judged = done.Known,
                quality = QualityView.Json(figures),
                self_preference = QualityView.Json(figures.SelfPreference),
                self_preference_skipped = selfSkipped,
                warnings,
            });
            return;
        }
        Console.WriteLine($"judge          {judge}{(done.Known > 0 ? $", {done.Known:N0} verdicts were there" : "")}");
        foreach (var line in QualityView.Lines(figures))
        {
            Console.WriteLine(line);
        }
        Console.WriteLine(
            $"own model      {(selfSkipped is null ? $"wins {QualityView.Describe(figures.SelfPreference, "pairs against others")}" : $"not measured: {selfSkipped}")}");
        if (output is not null)
        {
            Console.WriteLine($"wrote {output}");
        }
    }
}
