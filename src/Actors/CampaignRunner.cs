using System.Text;
using Akka.Actor;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Actors;

/// <summary>Runs or resumes a campaign on this machine, all roles in this process.</summary>
public static class CampaignRunner
{
    /// <summary>How long work in hand may take to come to rest when the campaign is interrupted.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan UnloadTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Units that are judged at once where people judge: what waits for them keeps no other from being shown.</summary>
    private const int MostUnitsWithPeople = 16;

    /// <param name="statePath">Holds everything of the campaign; made if it is not there.</param>
    /// <param name="progress">Told of every change and of work under way, from any thread.</param>
    /// <param name="cancellationToken">Stops work and keeps what can be kept; the outcome is then
    /// <see cref="CampaignEnd.Interrupted"/>.</param>
    /// <param name="control">Takes an operator's commands; who has it paused may have it go on.</param>
    /// <exception cref="UserInputException">
    /// The directory is in use, another campaign's, or of other settings, or an input cannot be used; nothing was changed.
    /// </exception>
    public static async Task<CampaignOutcome> RunAsync(
        CampaignConfiguration configuration,
        string statePath,
        CampaignEngines engines,
        IProgress<CampaignProgress>? progress,
        TimeProvider time,
        CancellationToken cancellationToken,
        CampaignControl? control = null)
    {
        var inputs = CampaignInputs.Read(configuration);
        inputs.CheckPrompts(engines);
        engines.CheckModel?.Invoke(configuration.Options.ModelPath, inputs.BaseModel);
        await inputs.CheckJudgesAsync(configuration.Options, engines, warn: null, cancellationToken);
        using var state = StateDirectory.Open(statePath, configuration.Options.Name);
        var database = CampaignReader.DatabasePath(state.Root);
        CampaignDatabase.Prepare(database);
        inputs.RefuseOtherCampaign(CampaignReader.Read(state.Root), configuration.Options, state.Root);
        WriteText(CampaignReader.SettingsPath(state.Root), configuration.Json);
        if (configuration.Source is { } source)
        {
            WriteText(CampaignReader.SourcePath(state.Root), source);
        }
        try
        {
            var board = new CampaignBoard(time);
            await using var node = await ClusterNode.StartAsync(
                ClusterNode.Settings(JournalSettings.Sqlite(database), configuration.System),
                CampaignHosting.InOneProcess(time, board),
                cancellationToken);
            var context = new WorkerContext(
                configuration.Options,
                engines,
                inputs.Prompts,
                state.Artifacts,
                inputs.BaseModel,
                inputs.JudgeIdentity,
                CampaignReader.WorkPath(state.Root),
                time);
            using var commands = control?.Connect(node.Link, inputs.Plan.Campaign);
            return await ObserveAsync(node, board, context, inputs.Plan, progress, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Interrupted(state.Root);
        }
        finally
        {
            JournalSettings.CloseSqlite(database);
        }
    }

    private static void WriteText(string path, string text) => AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    private static async Task<CampaignOutcome> ObserveAsync(
        ClusterNode node,
        CampaignBoard board,
        WorkerContext context,
        CampaignPlan plan,
        IProgress<CampaignProgress>? progress,
        CancellationToken cancellationToken)
    {
        var outcome = new TaskCompletionSource<CampaignOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (link, artifacts) = (node.Link, new OneStore());
        var observer = node.System.ActorOf(Props.Create(() => new CampaignObserver(link, plan, progress, outcome)), "observer");
        WorkSlot[] slots =
        [
            .. Enum.GetValues<WorkerRole>()
                .SelectMany(role =>
                    Enumerable.Repeat(role, role == WorkerRole.Judge && context.Options.AsksPeople ? MostUnitsWithPeople : 1))
                .Select(role => new WorkSlot(
                    role,
                    (_, _) => Task.FromResult(CampaignWorkers.Create(role, context)),
                    artifacts,
                    context.Time,
                    stepsBack: false)),
        ];
        using var observed = Telemetry.Observe(board, slots, nodes: null);
        foreach (var (i, slot) in slots.Index())
        {
            node.System.ActorOf(
                Props.Create(() => new WorkerActor(slot, link, new[] { plan.Campaign })),
                $"{slot.Role.ToString().ToLowerInvariant()}-{i}");
        }
        using var interruption = cancellationToken.Register(() => observer.Tell(CampaignObserver.StopRequest));
        using var deadline = new CancellationTokenSource();
        using var timing = cancellationToken.Register(() => deadline.CancelAfter(StopTimeout));
        using var giveUp = deadline.Token.Register(() => outcome.TrySetCanceled(deadline.Token));
        try
        {
            return await outcome.Task;
        }
        finally
        {
            // An engine that does not come to rest is left behind.
            await Task.WhenAny(
                Task.WhenAll(slots.Select(slot => slot.DisposeAsync().AsTask())),
                Task.Delay(UnloadTimeout, CancellationToken.None));
        }
    }

    /// <summary>What was journalled is all that counts, whatever was in hand.</summary>
    private static CampaignOutcome Interrupted(string statePath) =>
        new(CampaignEnd.Interrupted, CampaignReader.Read(statePath) ?? CampaignState.Empty);
}
