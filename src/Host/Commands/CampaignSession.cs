using System.Collections.Immutable;
using IterativeDpo.Actors;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.Notices;
using IterativeDpo.Host.Page;
using IterativeDpo.Host.Report;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Host.TrainingRuns;
using IterativeDpo.Judging;
using IterativeDpo.Judging.People;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.Commands;

/// <summary>A campaign run on this machine with the real engines, from its file to its report and exit code.</summary>
/// <param name="page">Where its page is; null is nowhere.</param>
/// <param name="models">Makes sure that the engines agree on the model; null: nobody does.</param>
/// <param name="isOne">Whether it is one of several, which say at their end themselves what came of them.</param>
internal sealed class CampaignSession(
    CampaignConfiguration configuration,
    string statePath,
    bool json,
    PageSettings? page,
    CheckedModels? models,
    bool isOne = false)
{
    /// <summary>How long a run waits at its end for notices to be delivered.</summary>
    private static readonly TimeSpan s_noticePatience = TimeSpan.FromSeconds(20), s_noticePatienceInterrupted = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_peoplePulse = TimeSpan.FromSeconds(1);

    /// <summary>See <see cref="TelemetryExport.Start"/>.</summary>
    public ImmutableArray<string> Telemetry { get; init; } = [];

    /// <summary>Where TensorBoard's events go; null is nowhere.</summary>
    public string? TensorBoard { get; init; }

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var display = ProgressDisplay.Create(TimeProvider.System);
        var feed = new CampaignFeed(statePath, TimeProvider.System);
        var measured = new MeasuredRounds(new CampaignQuality(configuration.Options, StateDirectory.ArtifactsOf(statePath)));
        var warnings = new JudgeWarnings(measured, Note);
        var view = new CampaignView(display, warnings.Measure);
        await using var judges = CampaignJudges.Factory(
            configuration.Options,
            CampaignReader.WorkPath(statePath),
            Note,
            TimeProvider.System,
            people: feed.People);
        await using var notices = new CampaignNotices(configuration.Options.Notices, judges.Budgets, Note, TimeProvider.System);
        var control = new CampaignControl();
        string? pausedBy = null;
        using var tensorBoard = TensorBoard is null ? null : new TensorBoardProgress(TensorBoard, Note, TimeProvider.System);
        Raise(CampaignReader.Read(statePath)?.Plan);
        var engines = Engines(configuration.Options, judges, warning => Note($"warning: {warning}")) with
        {
            CheckModel = models is null ? null : models.Require,
            People = feed.People,
        };
        using var telemetry = TelemetryExport.Start(Telemetry, configuration.Options.Name);
        await using var server = await PageCommand.ServeAsync(
            page,
            new PageData(feed, configuration.Options, measured) { Control = control },
            telemetry,
            line => Console.Error.WriteLine($"dpo: {line}"));
        using var end = new CancellationTokenSource();
        var outcome = await display.DuringAsync(async () =>
        {
            var told = configuration.Options.AsksPeople
                ? TellOfPeopleAsync(feed.People, server?.Urls.First(), end.Token)
                : Task.CompletedTask;
            var ended = await CampaignRunner.RunAsync(
                configuration,
                statePath,
                engines,
                new AllProgress<CampaignProgress>(view, feed, notices, new Told(OnProgress)),
                TimeProvider.System,
                cancellationToken,
                control);
            await end.CancelAsync();
            await told;
            await warnings.FinishAsync();
            await notices.EndAsync(ended, ended.End == CampaignEnd.Interrupted ? s_noticePatienceInterrupted : s_noticePatience);
            return ended;
        });
        switch (outcome.End)
        {
            case CampaignEnd.Interrupted:
                Console.Error.WriteLine($"dpo: stopped; everything so far is in {statePath}, and the same command goes on from there");
                return ExitCodes.Interrupted;
            case CampaignEnd.Paused:
                Console.Error.WriteLine(PlainText.Of($"dpo: paused: {outcome.State.PauseReason}"));
                Console.Error.WriteLine($"dpo: nothing is lost; put it right, and the same command goes on from {statePath}");
                return ExitCodes.Failed;
            default:
                Finish();
                return ExitCodes.Done;
        }

        async Task TellOfPeopleAsync(PeopleQueue people, string? page, CancellationToken ended)
        {
            for (var wasWaiting = false; !ended.IsCancellationRequested;)
            {
                if (people.Count().Waiting is var waiting && waiting is not null != wasWaiting)
                {
                    wasWaiting = waiting is not null;
                    Note(
                        waiting is null
                            ? "people have judged; the campaign goes on"
                            : $"{waiting}: {(page is null ? $"./dpo page --state {statePath} shows them" : $"{page}{PeopleRoutes.Path}")}");
                }
                await Task.Delay(s_peoplePulse, ended)
                    .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }

        void OnProgress(CampaignProgress progress)
        {
            Raise(progress.State.Plan);
            tensorBoard?.Report(progress);
            if (progress.State.PausedBy != pausedBy)
            {
                pausedBy = progress.State.PausedBy;
                Note(
                    pausedBy is null
                        ? "it goes on"
                        : $"paused by {pausedBy}: {progress.State.PauseReason}; an operator has it go on, on the page");
            }
        }

        // What operators let judges spend beyond their settings.
        void Raise(CampaignPlan? plan)
        {
            foreach (var (judge, budget) in plan?.Budgets ?? ImmutableSortedDictionary<string, JudgeBudget>.Empty)
            {
                judges.RaiseBudget(judge, budget.Calls, budget.Tokens);
            }
        }

        void Note(string line)
        {
            display.Note(line);
            feed.Tell(line);
        }
    }

    private sealed class Told(Action<CampaignProgress> tell) : IProgress<CampaignProgress>
    {
        public void Report(CampaignProgress value) => tell(value);
    }

    /// <summary>The real engines of a campaign.</summary>
    internal static CampaignEngines Engines(CampaignOptions options, JudgeFactory judges, Action<string> warn) => new(
        () => LlamaGenerator.Load(new LlamaOptions(
            options.ModelPath,
            options.Generation.ContextTokens,
            options.Generation.Sequences,
            options.Threads,
            options.Generation.BatchTokens,
            options.ChatTemplate)),
        () => new TorchTrainer(warn),
        judges.Create,
        EngineInfo.Machine(options.Threads));

    private void Finish()
    {
        var reportPath = Path.Combine(statePath, "report.html");
        var summary = CampaignReport.Write(StatusCommand.ReadWhole(statePath), statePath, reportPath);
        if (isOne)
        {
            return;
        }
        if (json)
        {
            Console.WriteLine(summary.ToJson());
            return;
        }
        var (first, last) = (summary.Baseline.HeldoutAccuracy, summary.Final.HeldoutAccuracy);
        Console.WriteLine(
            $"held-out accuracy {100 * first:F1} % -> {100 * last:F1} % in {summary.Rounds.Count} {(summary.Rounds.Count == 1 ? "round" : "rounds")}");
        Console.WriteLine($"report: {Path.GetFullPath(reportPath)}");
    }
}
