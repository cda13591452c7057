using IterativeDpo.Actors;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Report;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Judging;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.Commands;

/// <summary>A campaign run on this machine with the real engines, from its file to its report and exit code.</summary>
/// <param name="isOne">Whether it is one of several, which say at their end themselves what came of them.</param>
public sealed class CampaignSession(CampaignConfiguration configuration, string statePath, bool json, bool isOne = false)
{
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var display = ProgressDisplay.Create(TimeProvider.System);
        var quality = new CampaignQuality(configuration.Options, StateDirectory.ArtifactsOf(statePath));
        var warnings = new JudgeWarnings(quality, display.Note);
        var view = new CampaignView(display, warnings.Measure);
        await using var judges = CampaignJudges.Factory(configuration.Options, CampaignReader.WorkPath(statePath), display.Note, TimeProvider.System);
        var engines = Engines(configuration.Options, judges, warning => display.Note($"warning: {warning}"));
        var outcome = await display.DuringAsync(async () =>
        {
            var ended = await CampaignRunner.RunAsync(configuration, statePath, engines, view, TimeProvider.System, cancellationToken);
            await warnings.FinishAsync();
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
    }

    /// <summary>The real engines of a campaign.</summary>
    internal static CampaignEngines Engines(CampaignOptions options, JudgeFactory judges, Action<string> warn) => new(
        () => LlamaGenerator.Load(new LlamaOptions(
            options.ModelPath,
            options.Generation.ContextTokens,
            options.Generation.Sequences,
            options.Threads,
            options.Generation.BatchTokens)),
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
        Console.WriteLine($"held-out accuracy {100 * first:F1} % -> {100 * last:F1} % in {summary.Rounds.Count} {(summary.Rounds.Count == 1 ? "round" : "rounds")}");
        Console.WriteLine($"report: {Path.GetFullPath(reportPath)}");
    }
}
