using System.Collections.Immutable;
using System.Globalization;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Page;

/// <summary>What happened to a campaign, in words.</summary>
internal static class EventWords
{
    public static string Of(CampaignEvent @event) => @event switch
    {
        CampaignStarted e => $"Campaign {e.Plan.Campaign} began: {Many(e.Plan.Rounds, "round")} of {Many(e.Plan.Prompts, "prompt")}.",
        CampaignResumed { By: { } by } => $"{by} had it go on.",
        CampaignResumed => "It goes on after a pause or a restart.",
        PlanRevised { By: { } by } e =>
            $"{by} raised its limits: {Many(e.Plan.Rounds, "round")}{string.Concat((e.Plan.Budgets ?? ImmutableSortedDictionary<string, JudgeBudget>.Empty).Select(judge => $", {judge.Key} {Many(judge.Value.Calls, "call")} and {judge.Value.Tokens:#,0} tokens"))}.",
        PlanRevised e => $"It goes on with other settings: {Many(e.Plan.Rounds, "round")}.",
        CampaignForked e => $"It goes on by itself from round {e.Origin.Round} of campaign {e.Origin.Campaign}.",
        RoundStarted { Round: 0 } => "The base is evaluated.",
        RoundStarted e => $"Round {e.Round} began; {Policy(e.Policy)} samples.",
        WorkCompleted e => $"{Place(e.Result.Id)}: {Done(e.Result)}, {Seconds(e.Result.Seconds)}.",
        WorkFailed e => $"{Place(e.Id)}: {Name(e.Id.Stage)} failed: {e.Reason.TrimEnd('.')}. It is tried again.",
        WorkDropped e => $"{Place(e.Id)}: {Name(e.Id.Stage)} was given up: {e.Reason.TrimEnd('.')}.",
        CampaignPaused { By: { } by } e => $"{by} paused it: {e.Reason.TrimEnd('.')}.",
        CampaignPaused e => $"Paused: {e.Reason.TrimEnd('.')}.",
        RoundCompleted { Round: 0 } => "The base is evaluated: done.",
        RoundCompleted { Gate: { } gate } e => $"Round {e.Round} ended: {Outcome(e.Outcome)}; {gate.InWords()}.",
        RoundCompleted e => $"Round {e.Round} ended: {Outcome(e.Outcome)}.",
        CampaignCompleted { Reason: { } reason } => $"Done before the last round: {reason}.",
        CampaignCompleted => "All rounds are done.",
        CampaignCancelled => "Cancelled by an operator.",
        ArtifactLost e => $"Artifact {e.Artifact.Short} is lost: the work that left it is done again.",
        TrainingCheckpointed e => $"Round {e.Round}: the training is stored so far.",
        _ => @event.GetType().Name,
    };

    /// <summary>The round that it is about; null is none.</summary>
    public static int? RoundOf(CampaignEvent @event) => @event switch
    {
        RoundStarted e => e.Round,
        WorkCompleted e => e.Result.Id.Round,
        WorkFailed e => e.Id.Round,
        WorkDropped e => e.Id.Round,
        RoundCompleted e => e.Round,
        TrainingCheckpointed e => e.Round,
        _ => null,
    };

    /// <summary>Whether it is bad news.</summary>
    public static bool IsBad(CampaignEvent @event) =>
        @event
            is WorkFailed
                or WorkDropped
                or CampaignPaused
                or ArtifactLost
                or RoundCompleted { Outcome: RoundOutcome.RolledBack or RoundOutcome.Skipped };

    public static string Name(Stage stage) => stage switch
    {
        Stage.Sample => "sampling",
        Stage.Judge => "judging",
        Stage.Pair => "pairing",
        Stage.Train => "training",
        Stage.Publish => "publishing",
        Stage.Evaluate => "evaluating",
        Stage.Anchor => "labelling again",
        _ => "grading",
    };

    private static string Done(WorkResult result) => result switch
    {
        SampleResult { Id.Stage: Stage.Evaluate, Set: { } set } r => $"answered {Many(r.Prompts, "prompt")} of {set}",
        SampleResult { Id.Stage: Stage.Evaluate } r => $"answered {Many(r.Prompts, "held-out prompt")}",
        SampleResult r => $"sampled {Many(r.SampleCount, "answer")} to {Many(r.Prompts, "prompt")}",
        JudgeResult { Id.Stage: Stage.Grade } r => $"graded the answers to {r.Set?.Set ?? "held-out"} prompts",
        JudgeResult { Id.Stage: Stage.Anchor } r =>
            $"labelled samples of the first round again{(r.WithFirst?.Accuracy.Value is { } same ? string.Create(CultureInfo.InvariantCulture, $", {same:P0} as at first") : "")}",
        JudgeResult r =>
            $"judged the samples{(r.Dropped > 0 ? $", and gave up {Many(r.Dropped, "prompt")}" : "")}{(r.Abstained > 0 ? $"; {Many(r.Abstained, "abstention")}" : "")}",
        PairResult r => $"made {Many(r.PairCount, "pair")}; {Many(r.Dropped, "prompt")} gave none",
        TrainResult r => $"trained for {Many(r.Steps, "step")}; the adapter is {r.Adapter.Short}",
        PublishResult r => $"published adapter {r.Adapter.Short}",
        _ => "done",
    };

    private static string Outcome(RoundOutcome outcome) => outcome switch
    {
        RoundOutcome.Kept => "it is kept",
        RoundOutcome.RolledBack => "it is rolled back",
        _ => "it made no pair to train on",
    };

    private static string Policy(Digest? policy) => policy is { } adapter ? $"adapter {adapter.Short}" : "the base";

    private static string Place(WorkId id) =>
        (id.Round == 0 ? "Base" : $"Round {id.Round}")
        + (id.Stage is Stage.Pair or Stage.Train or Stage.Publish or Stage.Anchor ? "" : $", unit {id.Index}");

    private static string Many(int count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {what}{(count == 1 ? "" : "s")}");

    private static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s");
}
