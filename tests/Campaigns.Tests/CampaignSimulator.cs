using System.Collections.Immutable;
using System.Text;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Campaigns.Tests;

/// <summary>Drives the pure campaign: does whatever work is due, one unit a second, and keeps every event.</summary>
internal sealed class CampaignSimulator
{
    public static CampaignPlan Plan { get; } = new(
        "test", Named("settings"), Rounds: 3, Prompts: 5, UnitPrompts: 2, HeldOutPrompts: 3, MaxAttempts: 3,
        PairData.New, PolicyOrigin.Previous, ReferenceOrigin.Base, RollbackPoints: 5);

    public CampaignSimulator(CampaignPlan? plan = null, IEnumerable<CampaignEvent>? history = null)
    {
        History = [.. history ?? []];
        State = History.Aggregate(CampaignState.Empty, CampaignHistory.Apply);
        Now = History.Count > 0 ? History[^1].At.AddHours(1) : new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        Command(new StartCampaign(plan ?? Plan));
        Command(new ResumeCampaign());
    }

    public CampaignState State { get; private set; }

    public List<CampaignEvent> History { get; }

    /// <summary>Every unit of work that was done here, in order.</summary>
    public List<WorkId> Done { get; } = [];

    public DateTimeOffset Now { get; private set; }

    /// <summary>Right held-out answers out of 10, by round.</summary>
    public Func<int, int> Right { get; init; } = round => Math.Min(10, 4 + round);

    /// <summary>Pairs found, by round.</summary>
    public Func<int, int> Pairs { get; init; } = _ => 4;

    /// <summary>How many answers to each prompt of a set are right, by set and round.</summary>
    public Func<string, int, byte[]> Outcomes { get; init; } = (_, _) => [];

    public Decision Command(CampaignCommand command)
    {
        var decision = CampaignDecisions.Decide(State, command, Now);
        History.AddRange(decision.Events);
        State = decision.Events.Aggregate(State, CampaignHistory.Apply);
        return decision;
    }

    /// <summary>Does due work until none is left, or until this unit is due and not yet done.</summary>
    public CampaignSimulator Run(WorkId? until = null)
    {
        while (Round.Due(State).FirstOrDefault() is { } work && !Round.Due(State).Any(due => due.Id == until))
        {
            Now = Now.AddSeconds(1);
            Done.Add(work.Id);
            Command(new CompleteWork(ResultOf(work)));
        }
        return this;
    }

    /// <summary>What becomes of a result before it is handed in.</summary>
    public Func<WorkResult, WorkResult> Change { get; init; } = result => result;

    public WorkResult ResultOf(WorkOrder order) => Change(order switch
    {
        SampleOrder o => new SampleResult(o.Id, DigestOf(o), o.Prompts, o.Prompts * 4, o.Prompts * 40, 0.5, 1, o.Set),
        JudgeOrder o => new JudgeResult(o.Id, DigestOf(o), 0, 0, Scores(o.Id), 1, Set: o.Set is { } set ? ScoreOf(set, o.Id) : null),
        PairOrder o => new PairResult(
            o.Id,
            DigestOf(o),
            Pairs(o.Id.Round),
            2,
            1,
            1,
            null,
            o.Statistics is null ? null : StatisticsOf(o.Id.Round)),
        TrainOrder o => new TrainResult(
            o.Id,
            DigestOf(o),
            DigestOf(o),
            7,
            ImmutableSortedDictionary<string, double>.Empty.Add("loss", 0.5),
            1),
        PublishOrder o => new PublishResult(o.Id, o.Adapter, 1, o.Average is null ? null : AverageOf(o.Id.Round)),
        _ => throw new InvalidOperationException(order.ToString()),
    });

    /// <summary>The adapter that a round trains.</summary>
    public static Digest AdapterOf(int round) => Named($"{round}/{Stage.Train}/0");

    /// <summary>The average that a round's publication makes.</summary>
    public static Digest AverageOf(int round) => Named($"{round}/average");

    /// <summary>The prompts' statistics with a round in them.</summary>
    public static Digest StatisticsOf(int round) => Named($"{round}/statistics");

    private ImmutableSortedDictionary<string, TaskScore> Scores(WorkId id) =>
        ImmutableSortedDictionary<string, TaskScore>.Empty.Add("add", new TaskScore(id.Stage == Stage.Grade ? Right(id.Round) : 2, 10));

    private SetScore ScoreOf(string set, WorkId id)
    {
        var unit = State.Plan!.EvaluationUnits(id.Round).Single(unit => unit.Index == id.Index);
        byte[] outcomes = Outcomes(set, id.Round)[unit.First..(unit.First + unit.Prompts)];
        byte[] judged = [.. outcomes.Where(right => right != SetScore.NoVerdict)];
        return new(set, new(judged.Sum(right => right), judged.Length), judged.Length, judged.Count(right => right > 0), outcomes);
    }

    private static Digest DigestOf(WorkOrder order) => Named(order.Id.ToString());

    public static Digest Named(string text) => Digest.Of(Encoding.UTF8.GetBytes(text));
}
